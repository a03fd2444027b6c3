package bytescale

import (
	"errors"
	"testing"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

// Gateways send 201 for 200, and 200 or 202 for 204. What was done is not done again, nor
// reported as a failure. A web page is no such answer.
func TestOtherStatusesOfSuccess(t *testing.T) {
	t.Parallel()
	for op, body := range good {
		statuses := []int{200, 201}
		if op == operation.DeleteFile {
			statuses = []int{200, 202, 204}
		}
		for _, status := range statuses {
			if err := calls(t.Context(), mustClient(t, testKey, respond(status, body)).api)[op](); err != nil {
				t.Errorf("%s with status %d: %v", op, status, err)
			}
		}
		page := respond(200, "<html>log in", "Content-Type", "text/html")
		if err := calls(t.Context(), mustClient(t, testKey, page).api)[op](); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s with a page: %v", op, err)
		}
	}
}
