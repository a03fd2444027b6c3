// Command stub is the least of a server that uploads can be made to: it
// discards the bytes, validates nothing but that they all came, and so takes as
// little as possible of the processor that the measured client needs: a real
// service takes none of it. It reads requests and writes answers on the connections
// itself, since the server of net/http takes nearly twice as much, and on Linux it
// has the kernel drop the bytes of plain connections without copying them. The
// emulator does far more per request; `bench -emulator` measures with it.
//
// The files of a directory are stored in the folder /bench: they can be listed and
// downloaded, by clients of S3 too, for which the account is the bucket. The kernel
// sends their bytes from its cache of the disk, without copying them either.
//
//	stub [-latency D] [-bandwidth N] [-cert FILE -key FILE] [-files DIR] ADDRESS
package main

import (
	"crypto/tls"
	"flag"
	"log"
	"net"
	"runtime/debug"
	"time"
)

func main() {
	latency := flag.Duration("latency", 0, "time that each API call takes longer")
	bandwidth := flag.Int64("bandwidth", 0, "bytes per second of each part and each download")
	cert := flag.String("cert", "", "certificate file: serve over TLS")
	key := flag.String("key", "", "file of the certificate's key")
	files := flag.String("files", "", "directory whose files are stored")
	flag.Parse()
	debug.SetGCPercent(1000) // memory is not what this server is short of

	listener, err := net.Listen("tcp", flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	scheme := "http"
	if *cert != "" {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			log.Fatal(err)
		}
		listener, scheme = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}}), "https"
	}
	s := newStub(scheme+"://"+flag.Arg(0), *latency, *bandwidth)
	if *files != "" {
		if s.stored, err = newStored(*files, s.origin); err != nil {
			log.Fatal(err)
		}
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go s.serve(conn)
	}
}

func newStub(origin string, latency time.Duration, bandwidth int64) *stub {
	s := &stub{origin: origin, latency: latency, bandwidth: bandwidth}
	s.buffers.New = func() any { return new([bufferSize]byte) }
	return s
}
