// A grpc-go server for the interoperability run. It carries bytes, not messages: what it does is said by the path of
// the call and by JSON in its request. It ends when its stdin does.
package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// rawCodec hands the bytes of messages through.
type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (rawCodec) Unmarshal(data []byte, v any) error { *v.(*[]byte) = bytes.Clone(data); return nil }
func (rawCodec) Name() string                       { return "proto" }

// order is the request of a call that is not an echo.
type order struct {
	Code    uint32 `json:"code"`
	Message string `json:"message"`
	Details []byte `json:"details"`
	Ms      int    `json:"ms"`
	Count   int    `json:"count"`
	Bytes   int    `json:"bytes"`
}

var active, cancelled, delayMs atomic.Int64

// until waits, and returns why the call ended before.
func until(ctx context.Context, ms int) error {
	active.Add(1)
	defer active.Add(-1)
	select {
	case <-time.After(time.Duration(ms) * time.Millisecond):
		return nil
	case <-ctx.Done():
		cancelled.Add(1)
		return ctx.Err()
	}
}

func (o order) status() error {
	st := &spb.Status{Code: int32(o.Code), Message: o.Message}
	if len(o.Details) > 0 {
		if err := proto.Unmarshal(o.Details, st); err != nil {
			return err
		}
	}
	return status.FromProto(st).Err()
}

type unary func(ctx context.Context, request []byte, o order) ([]byte, error)

func echo(_ context.Context, request []byte, _ order) ([]byte, error) { return request, nil }

func fail(_ context.Context, _ []byte, o order) ([]byte, error) { return nil, o.status() }

func sleep(ctx context.Context, request []byte, o order) ([]byte, error) {
	return request, until(ctx, o.Ms)
}

// stubborn works on although its call is over.
func stubborn(_ context.Context, request []byte, o order) ([]byte, error) {
	time.Sleep(time.Duration(o.Ms) * time.Millisecond)
	return request, nil
}

func showMetadata(ctx context.Context, _ []byte, _ order) ([]byte, error) {
	seen, _ := metadata.FromIncomingContext(ctx)
	return json.Marshal(seen)
}

func counters(context.Context, []byte, order) ([]byte, error) {
	return json.Marshal(map[string]int64{"active": active.Load(), "cancelled": cancelled.Load()})
}

func setDelay(_ context.Context, request []byte, o order) ([]byte, error) {
	delayMs.Store(int64(o.Ms))
	return request, nil
}

func getUser(ctx context.Context, _ []byte, _ order) ([]byte, error) {
	if err := until(ctx, int(delayMs.Load())); err != nil {
		return nil, err
	}
	return hex.DecodeString(os.Getenv("INTEROP_USER"))
}

func method(name string, handle unary) grpc.MethodDesc {
	handler := func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var request []byte
		if err := decode(&request); err != nil {
			return nil, err
		}
		response, err := handle(ctx, request, read(request))
		return &response, err
	}
	return grpc.MethodDesc{MethodName: name, Handler: handler}
}

// stream sends so many messages of a size, with pauses, and then a status.
func stream(_ any, s grpc.ServerStream) error {
	var request []byte
	if err := s.RecvMsg(&request); err != nil {
		return err
	}
	o := read(request)
	for n := range o.Count {
		message := make([]byte, max(o.Bytes, 8))
		copy(message, fmt.Sprintf("%08d", n))
		if err := s.SendMsg(&message); err != nil {
			cancelled.Add(1)
			return err
		}
		if o.Ms > 0 {
			if err := until(s.Context(), o.Ms); err != nil {
				return err
			}
		}
	}
	if o.Code == 0 {
		return nil
	}
	return o.status()
}

func read(request []byte) (o order) {
	_ = json.Unmarshal(request, &o)
	return o
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(grpc.ForceServerCodec(rawCodec{}))
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "interop.v1.Backend",
		Methods: []grpc.MethodDesc{
			method("Echo", echo), method("Fail", fail), method("Sleep", sleep), method("Stubborn", stubborn),
			method("Metadata", showMetadata), method("Counters", counters), method("SetDelay", setDelay),
		},
		Streams: []grpc.StreamDesc{{StreamName: "Stream", Handler: stream, ServerStreams: true}},
	}, nil)
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "user.v1.UserService",
		Methods:     []grpc.MethodDesc{method("GetUser", getUser)},
	}, nil)
	fmt.Printf("{\"version\":%q,\"address\":%q}\n", "grpc-go "+grpc.Version, listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	if err := server.Serve(listener); err != nil {
		panic(err)
	}
}
