package memnet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// What goes in comes out, whatever the sizes of writes and reads.
func TestBytesArriveInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		random := rand.New(rand.NewPCG(1, 2))
		sent := make([]byte, 5*bufferSize+123)
		for i := range sent {
			sent[i] = byte(random.Uint32())
		}
		go func() {
			for rest := sent; len(rest) > 0; {
				n := min(1+random.IntN(2*bufferSize), len(rest))
				if written, err := a.Write(rest[:n]); written != n || err != nil {
					t.Errorf("wrote %d of %d: %v", written, n, err)
				}
				rest = rest[n:]
			}
			a.Close()
		}()
		var got []byte
		sizes := rand.New(rand.NewPCG(3, 4))
		for {
			buffer := make([]byte, 1+sizes.IntN(bufferSize))
			n, err := b.Read(buffer)
			got = append(got, buffer[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got, sent) {
			t.Errorf("%d bytes arrived, %d were sent", len(got), len(sent))
		}
	})
}

// A writer is ahead of its reader by the size of the buffer, and no more.
func TestWritersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		written := false
		go func() {
			_, err := a.Write(make([]byte, bufferSize+1))
			written = err == nil
		}()
		synctest.Wait()
		if written {
			t.Error("more was taken than the buffer holds")
		}
		if _, err := b.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !written {
			t.Error("the writer still waits, with room in the buffer")
		}
	})
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		start := time.Now()
		_ = a.SetReadDeadline(start.Add(time.Minute))
		_, err := a.Read(make([]byte, 1))
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("reading: %v after %v", err, time.Since(start))
		}
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("%v is no timeout", err)
		}
		_ = a.SetWriteDeadline(time.Now().Add(time.Second))
		if n, err := a.Write(make([]byte, bufferSize+1)); n != bufferSize || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("writing: %d %v", n, err)
		}
		if _, err := a.Write(nil); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("writing nothing: %v", err)
		}
		_ = a.SetDeadline(time.Time{}) // takes them back
		go func() {
			time.Sleep(time.Hour)
			_, _ = b.Write([]byte("x"))
		}()
		if n, err := a.Read(make([]byte, 9)); n != 1 || err != nil {
			t.Errorf("reading without a deadline: %d %v", n, err)
		}
		// A deadline in the past ends a read that waits, as net/http needs it.
		go func() {
			time.Sleep(time.Hour)
			_ = a.SetReadDeadline(time.Unix(1, 0))
		}()
		if _, err := a.Read(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("reading: %v", err)
		}
		// One deadline replaces another, which then does nothing.
		_ = a.SetReadDeadline(time.Now().Add(time.Second))
		_ = a.SetReadDeadline(time.Now().Add(time.Minute))
		start = time.Now()
		if _, err := a.Read(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("reading: %v after %v", err, time.Since(start))
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		if _, err := a.Write([]byte("last words")); err != nil {
			t.Fatal(err)
		}
		waiting := make(chan error)
		go func() {
			_, err := a.Read(make([]byte, 1))
			waiting <- err
		}()
		synctest.Wait()
		a.Close()
		if err := <-waiting; !errors.Is(err, net.ErrClosed) {
			t.Errorf("the read that waited: %v", err)
		}
		if got, err := io.ReadAll(b); string(got) != "last words" || err != nil {
			t.Errorf("the other end read %q, %v", got, err)
		}
		if _, err := b.Write([]byte("x")); !errors.Is(err, errBroken) {
			t.Errorf("the other end wrote: %v", err)
		}
		for _, err := range []error{second(a.Write([]byte("x"))), second(a.Read(nil))} {
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("used after Close: %v", err)
			}
		}
	})
}

func second(_ int, err error) error { return err }

func TestListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := Listen()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := listener.Dial(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dialling with nobody there: %v", err)
		}
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(conn, conn)
			conn.Close()
		}()
		conn, err := listener.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "echo")
		_ = conn.(interface{ CloseWrite() error }).CloseWrite()
		if got, err := io.ReadAll(conn); string(got) != "echo" || err != nil {
			t.Errorf("echo: %q %v", got, err)
		}
		conn.Close()
		listener.Close()
		listener.Close()
		if _, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accepting after Close: %v", err)
		}
		if _, err := listener.Dial(t.Context()); !errors.Is(err, errRefused) {
			t.Errorf("dialling after Close: %v", err)
		}
	})
}
