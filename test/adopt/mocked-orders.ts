/** A service of all four kinds of RPC, with a field of each kind, for {@link compileProto}. */
export const ORDERS_PROTO = `
import "google/protobuf/duration.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";

service OrderService {
  rpc GetOrder(GetOrderRequest) returns (Order) {
    option (google.api.http) = {get: "/api/v1/orders/{order_id}"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED tenant_field: "tenant_id" response_tenant_fields: "buyer.organization"};
  }
  rpc CreateOrder(CreateOrderRequest) returns (CreateOrderResponse);
  rpc ListOrders(ListOrdersRequest) returns (ListOrdersResponse);
  rpc WatchOrders(GetOrderRequest) returns (stream Order);
  rpc UploadOrders(stream CreateOrderRequest) returns (Order);
  rpc Chat(stream GetOrderRequest) returns (stream Order);
  rpc GetTree(google.protobuf.Empty) returns (Tree);
  rpc Delete(GetOrderRequest) returns (google.protobuf.Empty);
}
enum Status { STATUS_UNSPECIFIED = 0; STATUS_OPEN = 1; STATUS_SHIPPED = 2; }
message GetOrderRequest { string order_id = 1; string tenant_id = 2; }
message CreateOrderRequest { Order order = 1; string note = 2; }
message CreateOrderResponse { Order order = 1; }
message ListOrdersRequest { int32 page_size = 1; string page_token = 2; Status status = 3; string order_id = 4; }
message ListOrdersResponse { repeated Order orders = 1; string next_page_token = 2; int32 total_size = 3; }
message Buyer { string email = 1; string organization = 2; string phone_number = 3; }
message Order {
  string id = 1;
  string tenant_id = 2;
  Status status = 3;
  // The next step. Example: STATUS_SHIPPED
  Status next = 4;
  Buyer buyer = 5;
  int64 amount_cents = 6;
  bool archived = 7;
  bool paid = 8;
  google.protobuf.Timestamp created_at = 9;
  google.protobuf.Timestamp updated_at = 10;
  google.protobuf.Duration lead_time = 11;
  google.protobuf.Struct extra = 12;
  google.protobuf.Any anything = 13;
  google.protobuf.FieldMask mask = 14;
  google.protobuf.StringValue coupon_code = 15;
  // How it is packed, e.g. \`gift box\`.
  string packaging = 16;
  // Such as 12, for example 17.
  uint32 weight = 17;
  repeated string labels = 18;
  map<string, int64> counts = 19;
  map<int32, Buyer> buyers = 20;
  bytes document = 21;
  double ratio = 22;
  oneof payment { string card_token = 23; string invoice = 24; }
  Order replaced_by = 25;
  string note = 26;
  google.protobuf.Value value = 27;
  string gift_message = 28 [(google.api.field_behavior) = INPUT_ONLY];
}
message Tree { string name = 1; repeated Tree children = 2; Wide a = 3; Wide b = 4; }
message Wide { ${Array.from({ length: 8 }, (_, n) => `W${n} w${n} = ${n + 1};`).join(' ')} }
${Array.from({ length: 8 }, (_, n) => `message W${n} { repeated V v = 1; repeated V w = 2; }`).join('\n')}
message V { repeated U u = 1; repeated U w = 2; }
message U { repeated T t = 1; repeated T w = 2; }
message T { repeated string s = 1; repeated Buyer w = 2; }
`;
