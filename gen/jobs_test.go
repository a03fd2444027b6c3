package gen

import (
	"encoding/json"
	"testing"
	"time"
)

func timestamp(t *testing.T, text string) Timestamp {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return Timestamp{at}
}

func TestTimestampHas24Characters(t *testing.T) {
	for text, want := range map[string]string{
		"2024-11-14T15:19:29.471Z":       `"2024-11-14T15:19:29.471Z"`,
		"2024-11-14T15:19:29.4Z":         `"2024-11-14T15:19:29.400Z"`,
		"2024-11-14T15:19:29Z":           `"2024-11-14T15:19:29.000Z"`,
		"2024-11-14T16:19:29.9999+01:00": `"2024-11-14T15:19:29.999Z"`,
	} {
		if data, err := json.Marshal(timestamp(t, text)); err != nil || string(data) != want {
			t.Errorf("%s: %s, %v", text, data, err)
		}
	}
	var got Timestamp
	if err := json.Unmarshal([]byte(`"2024-11-14T15:19:29.471Z"`), &got); err != nil || !got.Equal(timestamp(t, "2024-11-14T15:19:29.471Z").Time) {
		t.Errorf("decoded: %v, %v", got, err)
	}
	if err := json.Unmarshal([]byte(`"yesterday"`), &got); err == nil {
		t.Error("no error")
	}
}

func TestJobStatusFinal(t *testing.T) {
	for status, want := range map[JobStatus]bool{
		JobStatusCreated: false, JobStatusPending: false, JobStatusRunning: false, JobStatusRollback: false, JobStatusCancelling: false,
		JobStatusSucceeded: true, JobStatusFailed: true, JobStatusCancelled: true, "Pondering": false, "": false,
	} {
		if got := status.Final(); got != want {
			t.Errorf("%s: %v", status, got)
		}
	}
}
