package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

// task is a file to store.
type task struct {
	Name string `json:"name"` // in the directory, with slashes
	Path string `json:"path"` // where the service stores it
}

// id is always the same for a path, so that a path is in the queue at most once.
func (t task) id() string {
	sum := sha256.Sum256([]byte(t.Path))
	return hex.EncodeToString(sum[:])
}

// result is what became of a task.
type result struct {
	task
	Size       int64  `json:"size"`
	SHA256     string `json:"sha256,omitempty"` // of the bytes that were sent, in hex
	Deliveries uint64 `json:"deliveries"`
	Error      string `json:"error,omitempty"` // why the file was given up; empty if it is stored
}

// queue is what the workers share.
type queue struct {
	js          jetstream.JetStream
	files       jetstream.Stream   // one message for each task, with the id in its subject
	tasks       jetstream.Consumer // gives each message to one worker at a time
	handover    time.Duration      // after what silence of a worker it gives its messages to others
	results     jetstream.KeyValue // by id
	checkpoints jetstream.KeyValue // by id
	workers     jetstream.KeyValue // who is at work
}

const (
	name    = "fleet"
	subject = "fleet.file." // and the id of the task
)

// makeQueue makes the queue, or gives it the present settings.
func makeQueue(ctx context.Context, js jetstream.JetStream, s settings) error {
	files, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: name, Subjects: []string{subject + "*"}, Replicas: s.replicas,
	})
	if err != nil {
		return err
	}
	_, err = files.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: name, AckPolicy: jetstream.AckExplicitPolicy, AckWait: s.handover,
		MaxDeliver: -1, MaxAckPending: -1, // the workers count deliveries, so that they can report what is given up
	})
	if err != nil {
		return err
	}
	for bucket, ttl := range map[string]time.Duration{"results": 0, "checkpoints": 0, "workers": lifetime} {
		if _, err := js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: name + "-" + bucket, TTL: ttl, Replicas: s.replicas,
		}); err != nil {
			return err
		}
	}
	return nil
}

// openQueue opens the queue that makeQueue has made.
func openQueue(ctx context.Context, js jetstream.JetStream) (*queue, error) {
	q := &queue{js: js}
	var err error
	if q.files, err = js.Stream(ctx, name); err != nil {
		return nil, fmt.Errorf("there is no queue yet, fill makes it: %w", err)
	}
	if q.tasks, err = q.files.Consumer(ctx, name); err != nil {
		return nil, err
	}
	q.handover = q.tasks.CachedInfo().Config.AckWait
	for bucket, store := range map[string]*jetstream.KeyValue{
		"results": &q.results, "checkpoints": &q.checkpoints, "workers": &q.workers,
	} {
		if *store, err = js.KeyValue(ctx, name+"-"+bucket); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// put adds a task. It reports false if its path is in the queue already, also if it was stored
// long ago.
func (q *queue) put(ctx context.Context, t task) (added bool, err error) {
	content, err := json.Marshal(t)
	if err != nil {
		return false, err
	}
	_, err = q.js.Publish(ctx, subject+t.id(), content, jetstream.WithExpectLastSequencePerSubject(0))
	var refused *jetstream.APIError
	if errors.As(err, &refused) && refused.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
		return false, nil
	}
	return err == nil, err
}

// left returns how many files wait for a worker, or have one that is not done with them.
func (q *queue) left(ctx context.Context) (int, error) {
	tasks, err := q.files.Consumer(ctx, name) // a new one, because Info of the one that is shared would be a race
	if err != nil {
		return 0, err
	}
	info := tasks.CachedInfo()
	return int(info.NumPending) + info.NumAckPending, nil
}

// record keeps the result of the task with an id. It tries until the queue is there or ctx ends,
// so that no file is sent again only because NATS was away at its end.
func (q *queue) record(ctx context.Context, id string, r result) error {
	content, err := json.Marshal(r)
	if err != nil {
		return err
	}
	for {
		// A worker that stops still says what it has done, once.
		if _, err = q.results.Put(context.WithoutCancel(ctx), id, content); err == nil || ctx.Err() != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "fleet: the result of %s waits for the queue: %v\n", r.Name, err)
		pause(ctx)
	}
}

// pause waits for a second, or until ctx ends.
func pause(ctx context.Context) {
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
	}
}

// isStored reports whether the file of the task with an id is stored.
func (q *queue) isStored(ctx context.Context, id string) (bool, error) {
	entry, err := q.results.Get(ctx, id)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var r result
	err = json.Unmarshal(entry.Value(), &r)
	return r.Error == "", err
}

// checkpoints implements bytescale.CheckpointStore, so that a worker continues an upload where
// another one was killed.
type checkpoints struct{ kv jetstream.KeyValue }

func (c checkpoints) Load(ctx context.Context, key string) ([]byte, error) {
	entry, err := c.kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	return entry.Value(), nil
}

func (c checkpoints) Save(ctx context.Context, key string, checkpoint []byte) error {
	_, err := c.kv.Put(ctx, key, checkpoint)
	return err
}

func (c checkpoints) Delete(ctx context.Context, key string) error { return c.kv.Purge(ctx, key) }

// Lock does nothing, because the queue gives a file to one worker at a time. If one that was cut
// off still sends it as well, both send the same bytes to the same path.
func (c checkpoints) Lock(context.Context, string) (unlock func(), err error) { return func() {}, nil }

// startServer starts a NATS server with JetStream in this process. It keeps the queue in dir,
// which no other process may use at the same time, and listens on no port unless told to.
func startServer(dir string, listen func(*server.Options)) (*server.Server, error) {
	options := &server.Options{ServerName: name, DontListen: true, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true}
	if listen != nil {
		listen(options)
	}
	s, err := server.NewServer(options)
	if err != nil {
		return nil, err
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		s.Shutdown()
		return nil, errors.New("the NATS server does not start")
	}
	return s, nil
}
