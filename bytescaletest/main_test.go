package bytescaletest_test

import (
	"testing"

	"go.uber.org/goleak"
)

// No server and no client of one leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
