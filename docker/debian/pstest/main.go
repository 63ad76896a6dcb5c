// Google's own fake Pub/Sub server, pstest, as a program.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The service takes requests of 10 MB; gRPC's own limit of 4 MB would refuse them.
const maxRequestBytes = 11 << 20

// One bad request must not end the server of all the others. The fake panics on ModifyAckDeadline with an ack id it never gave
// out, and dies a moment after a Seek that brings messages back, because it did not keep them: these become errors.
func guarded(fake *pstest.Server) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (reply any, err error) {
		defer func() {
			if cause := recover(); cause != nil {
				log.Printf("%s: %v", info.FullMethod, cause)
				err = status.Errorf(codes.Internal, "pstest: %v", cause)
			}
		}()
		if seek, ok := request.(*pb.SeekRequest); ok && seek.GetTime() != nil {
			for _, message := range fake.Messages() {
				if !message.PublishTime.Before(seek.GetTime().AsTime()) {
					return nil, status.Error(codes.Unimplemented, "pstest: cannot seek back behind published messages")
				}
			}
		}
		return handle(ctx, request)
	}
}

func main() {
	address := flag.String("listen", "0.0.0.0:8085", "address and port to listen on")
	flag.Parse()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	// The fake brings a server that takes no options; ours serves the same fake with the limit and the guard.
	fake := pstest.NewServer()
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxRequestBytes), grpc.UnaryInterceptor(guarded(fake)))
	pb.RegisterPublisherServer(server, &fake.GServer)
	pb.RegisterSubscriberServer(server, &fake.GServer)
	pb.RegisterSchemaServiceServer(server, &fake.GServer)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	go func() { <-stop; server.Stop() }()
	log.Printf("Server started, listening on %s", listener.Addr())
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
}
