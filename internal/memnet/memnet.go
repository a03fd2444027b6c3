// Package memnet is a network in memory: a listener and its connections
// without sockets. All of it is goroutines, mutexes and condition variables of
// the caller, so that it works inside a testing/synctest bubble, where it
// waits in virtual time.
package memnet

import (
	"context"
	"errors"
	"net"
	"sync"
)

// bufferSize is what each direction of a connection holds in flight, as the
// buffers of sockets do.
const bufferSize = 64 << 10

// Listener hands out connections to those who dial it.
type Listener struct {
	accept chan net.Conn
	done   chan struct{}
	once   sync.Once
}

var _ net.Listener = (*Listener)(nil)

// Listen makes a listener.
func Listen() *Listener {
	return &Listener{accept: make(chan net.Conn), done: make(chan struct{})}
}

// errRefused is what dialling a closed listener gives.
var errRefused = errors.New("connection refused")

// Dial connects to the listener, once it accepts.
func (l *Listener) Dial(ctx context.Context) (net.Conn, error) {
	client, server := Pipe()
	select {
	case l.accept <- server:
		return client, nil
	case <-l.done:
		return nil, &net.OpError{Op: "dial", Net: "memory", Addr: address{}, Err: errRefused}
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: "memory", Addr: address{}, Err: ctx.Err()}
	}
}

// Accept implements [net.Listener].
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.accept:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener]. Connections stay.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr implements [net.Listener].
func (l *Listener) Addr() net.Addr { return address{} }

type address struct{}

func (address) Network() string { return "memory" }
func (address) String() string  { return "memory" }
