// csi-hostdir is a CSI driver for one node: volumes and snapshots are folders on the host.
//
// It exists for test clusters. Snapshots are full copies taken while the pods that use the volume are
// frozen, so that a database's files are copied at one point in time, as a storage array would.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"os"
	"path/filepath"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

const driverName = "hostdir.csi.rebound.dev"

type options struct {
	kubeletDir, dataDir, cgroup, nodeName string
}

func parseOptions() options {
	var o options
	flag.StringVar(&o.kubeletDir, "kubelet-dir", "/var/lib/kubelet", "the kubelet's root folder")
	flag.StringVar(&o.dataDir, "data-dir", "", "where volumes and snapshots are kept")
	flag.StringVar(&o.cgroup, "cgroup", "", "the cgroup that the kubelet keeps its pods below")
	flag.StringVar(&o.nodeName, "node-name", "", "the node's name")
	flag.Parse()
	if o.dataDir == "" || o.nodeName == "" {
		log.Fatal("csi-hostdir: --data-dir and --node-name are required")
	}
	return o
}

func listen(socket string) net.Listener {
	if err := os.MkdirAll(filepath.Dir(socket), 0o750); err != nil {
		log.Fatal(err)
	}
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		log.Fatal(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		log.Fatal(err)
	}
	return listener
}

func logErrors(ctx context.Context, request any, call *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	response, err := next(ctx, request)
	if err != nil {
		log.Println(call.FullMethod, err)
	}
	return response, err
}

func serveDriver(o options, socket string) {
	store, err := openStore(o.dataDir)
	if err != nil {
		log.Fatal(err)
	}
	freezer := newFreezer(o.cgroup)
	freezer.thawAll()
	server := grpc.NewServer(grpc.UnaryInterceptor(logErrors))
	csi.RegisterIdentityServer(server, &identity{})
	csi.RegisterControllerServer(server, &controller{store: store, freezer: freezer, kubeletDir: o.kubeletDir})
	csi.RegisterNodeServer(server, &node{store: store, name: o.nodeName})
	log.Fatal(server.Serve(listen(socket)))
}

func main() {
	o := parseOptions()
	socket := filepath.Join(o.kubeletDir, "plugins", driverName, "csi.sock")
	go serveDriver(o, socket)
	server := grpc.NewServer()
	registration.RegisterRegistrationServer(server, registrar{socket: socket})
	log.Fatal(server.Serve(listen(filepath.Join(o.kubeletDir, "plugins_registry", driverName+"-reg.sock"))))
}
