package memnet

import (
	"errors"
	"net"
	"time"
)

// Pipe returns the two ends of a connection. Each direction has a buffer of 64 KiB.
func Pipe() (net.Conn, net.Conn) {
	there, back := newStream(), newStream()
	return &conn{read: back, write: there}, &conn{read: there, write: back}
}

type conn struct{ read, write *stream }

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.read.read(p)
	return n, named("read", err)
}

func (c *conn) Write(p []byte) (int, error) {
	n, err := c.write.write(p)
	return n, named("write", err)
}

// Close ends both directions. The other end can still read what was written before; its
// writes fail.
func (c *conn) Close() error {
	c.write.closeWriter()
	c.read.closeReader()
	return nil
}

// CloseWrite ends the direction that this end writes to. The other end reads io.EOF.
func (c *conn) CloseWrite() error {
	c.write.closeWriter()
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return address{} }
func (c *conn) RemoteAddr() net.Addr { return address{} }

func (c *conn) SetDeadline(t time.Time) error {
	c.read.readDeadline.set(c.read, t)
	c.write.writeDeadline.set(c.write, t)
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.read.readDeadline.set(c.read, t)
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.write.writeDeadline.set(c.write, t)
	return nil
}

var errBroken = errors.New("broken pipe")

// named adds the operation to an error, as package net does.
func named(operation string, err error) error {
	if err == nil || errors.Is(err, errEOF) {
		return err
	}
	return &net.OpError{Op: operation, Net: "memory", Addr: address{}, Err: err}
}
