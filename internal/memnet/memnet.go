// Package memnet is a network in memory: a listener and connections without sockets. It
// blocks only on channels and condition variables, so that it works inside a
// testing/synctest bubble and waits there in virtual time.
package memnet

import (
	"context"
	"errors"
	"net"
	"sync"
)

// bufferSize is the number of bytes that each direction of a connection buffers, as
// sockets do.
const bufferSize = 64 << 10

// Listener accepts the connections of its Dial method.
type Listener struct {
	accept chan net.Conn
	done   chan struct{}
	once   sync.Once
}

var _ net.Listener = (*Listener)(nil)

// Listen returns a listener.
func Listen() *Listener {
	return &Listener{accept: make(chan net.Conn), done: make(chan struct{})}
}

// errRefused reports that the listener is closed.
var errRefused = errors.New("connection refused")

// Dial waits until the listener accepts a connection, and returns it.
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

// Close implements [net.Listener]. It does not close connections.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr implements [net.Listener].
func (l *Listener) Addr() net.Addr { return address{} }

type address struct{}

func (address) Network() string { return "memory" }
func (address) String() string  { return "memory" }
