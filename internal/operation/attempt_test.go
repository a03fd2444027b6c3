package operation_test

import (
	"testing"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

func TestAttemptOf(t *testing.T) {
	if got, want := operation.AttemptOf(t.Context()), (operation.Attempt{Part: -1}); got != want {
		t.Errorf("a context without an attempt: %+v, want %+v", got, want)
	}
	want := operation.Attempt{UploadID: "Kd759aLFxttm69kZ", Part: 3, Number: 2}
	if got := operation.AttemptOf(operation.WithAttempt(t.Context(), want)); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
