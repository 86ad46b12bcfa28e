// csi-hostdir is a CSI driver for one node that keeps volumes and snapshots in a directory of the host: as
// folders, or as ext4 images of their real size.
//
// It exists for test clusters. Snapshots are full copies of one point in time, as a storage array would take
// them: of folders while the pods that use the volume are frozen, of images while the file system is. Several run beside each
// other under names of their own.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

type options struct {
	driverName, medium, kubeletDir, dataDir, cgroup, nodeName string
}

func parseOptions() options {
	var o options
	flag.StringVar(&o.driverName, "driver-name", "hostdir.csi.rebound.dev", "the name it registers with")
	flag.StringVar(&o.medium, "medium", "folder", "what volumes are: folder or ext4")
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
	medium, err := openMedium(o, store)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(logErrors))
	csi.RegisterIdentityServer(server, &identity{driverName: o.driverName, canExpand: medium.canExpand()})
	csi.RegisterControllerServer(server, &controller{store: store, medium: medium})
	csi.RegisterNodeServer(server, &node{store: store, medium: medium, name: o.nodeName})
	log.Fatal(server.Serve(listen(socket)))
}

// openMedium lets go on what an earlier run, killed at a copy, has left frozen.
func openMedium(o options, store *store) (medium, error) {
	switch o.medium {
	case "folder":
		freezer := newFreezer(o.cgroup)
		freezer.thawAll()
		return folder{freezer: freezer, kubeletDir: o.kubeletDir}, nil
	case "ext4":
		return ext4{}, ext4{}.thawAll(store.volumes.dir)
	default:
		return nil, fmt.Errorf("there is no medium %q: choose folder or ext4", o.medium)
	}
}

func main() {
	o := parseOptions()
	socket := filepath.Join(o.kubeletDir, "plugins", o.driverName, "csi.sock")
	go serveDriver(o, socket)
	server := grpc.NewServer()
	registration.RegisterRegistrationServer(server, registrar{driverName: o.driverName, socket: socket})
	log.Fatal(server.Serve(listen(filepath.Join(o.kubeletDir, "plugins_registry", o.driverName+"-reg.sock"))))
}
