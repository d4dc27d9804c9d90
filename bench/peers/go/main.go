// Command gateway is grpc-gateway as its documentation shows it: generated handlers, one connection, the default marshaler.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	aiv1 "bench/gen/ai/v1"
	userv1 "bench/gen/user/v1"
)

func main() {
	ctx := context.Background()
	mux := runtime.NewServeMux()
	upstream := os.Getenv("UPSTREAM")
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if err := userv1.RegisterUserServiceHandlerFromEndpoint(ctx, mux, upstream, options); err != nil {
		log.Fatal(err)
	}
	if err := aiv1.RegisterAIServiceHandlerFromEndpoint(ctx, mux, upstream, options); err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), mux))
}
