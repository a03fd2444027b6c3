package bytescale_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

var (
	soakUploads = flag.Int("soak", 100, "how many random uploads TestSoak makes")
	soakSeed    = flag.Uint64("soak.seed", 0, "the seed of TestSoak; 0 for one by chance")
)

// TestSoak makes random uploads with random faults. Each ends with the same
// bytes in one file, or with an error whose type a program can decide by.
func TestSoak(t *testing.T) {
	t.Parallel()
	seed := *soakSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("%d uploads, seed %d", *soakUploads, seed)
	var stored, failed, requests int
	for nth := range *soakUploads {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, uint64(nth)))
			ok, sent := soak(t, random, fmt.Sprintf("-soak.seed=%d, upload %d", seed, nth))
			requests += sent
			if ok {
				stored++
			} else {
				failed++
			}
		})
	}
	t.Logf("%d stored, %d ended with an error, %d requests", stored, failed, requests)
	if *soakUploads >= 100 && (stored == 0 || failed == 0) {
		t.Error("the faults are too mild or too harsh to say anything")
	}
}

func soak(t *testing.T, random *rand.Rand, which string) (stored bool, requests int) {
	partSize := 1 + random.IntN(2000)
	size := random.IntN(5 * partSize)
	if random.IntN(10) == 0 {
		size = 0
	}
	data := noise(random.Uint64(), size)
	faults := soakFaults(random, int64(partSize))

	srv, err := bytescaletest.Start(bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(int64(partSize)),
		bytescaletest.WithAPILatency(time.Duration(1+random.IntN(200))*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	srv.Fail(faults...)
	client := srv.Client(bytescale.WithPutsInFlight(1+random.IntN(8)), bytescale.WithAPICallsInFlight(2+random.IntN(31)))
	kinds := []string{"File", "Bytes", "ReaderAt", "Reader", "Stream"}
	source := conformanceSources(t, data)[kinds[random.IntN(len(kinds))]]

	ctx, cancel := context.WithCancel(t.Context())
	if random.IntN(5) == 0 { // the caller gives up, at any moment
		ctx, cancel = context.WithTimeout(ctx, time.Duration(random.Int64N(int64(2*time.Second))))
	}
	defer cancel()
	file, err := client.Upload(ctx, source, bytescale.WithPath("/soak.bin"))
	complain := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s: %d bytes in parts of %d, faults %+v: %s", which, size, partSize, faults, fmt.Sprintf(format, args...))
	}
	files := srv.Files()
	if len(files) > 1 || len(files) == 1 && !bytes.Equal(files[0].Bytes(), data) {
		complain("%d files, or a wrong one", len(files))
	}
	var failed *bytescale.UploadError
	mayExist := errors.As(err, &failed) && failed.MayExist
	switch {
	case err == nil && (len(files) != 1 || file.Size != int64(size)):
		complain("no error, and %d files", len(files))
	case err != nil && !typed(err) && (ctx.Err() == nil || !errors.Is(err, ctx.Err())):
		complain("the error has no type: %v", err)
	case err != nil && len(files) == 1 && !mayExist:
		complain("the file is there and was reported as an error: %v", err)
	}
	if v := srv.Violations(); len(v) > 0 {
		complain("violations %v", v)
	}
	return err == nil, len(srv.Exchanges())
}

func typed(err error) bool {
	var upload *bytescale.UploadError
	var answer *bytescale.APIError
	return errors.As(err, &upload) || errors.As(err, &answer) ||
		errors.Is(err, bytescale.ErrProtocol) || errors.Is(err, bytescale.ErrStalled)
}

// soakFaults draws up to five faults that a bad network, a bad proxy or an
// overloaded service can cause.
func soakFaults(random *rand.Rand, partSize int64) []fault.Fault {
	var faults []fault.Fault
	for range random.IntN(6) {
		f := fault.Fault{
			Operation:  pickOf(random, "BeginMultipartUpload", "GetUploadPart", "PutPart", "PutPart", "CompleteUploadPart", "CompleteUploadPart", "ListUploadParts"),
			Occurrence: 1 + random.IntN(4),
			Times:      1 + random.IntN(3),
			EachPart:   random.IntN(3) == 0,
		}
		switch random.IntN(8) {
		case 0:
			f.Kind, f.Status = fault.Status, []int{408, 429, 500, 502, 503, 504}[random.IntN(6)]
			f.After = f.Status >= 500 && random.IntN(2) == 0
		case 1:
			f.Kind, f.Status, f.RetryAfter = fault.Status, 503, pickOf(random, "0", "1", "30", "3600")
		case 2:
			f.Kind, f.After = fault.Reset, random.IntN(2) == 0
			if f.Operation == fault.PutPart && !f.After {
				f.AfterBytes = random.Int64N(partSize)
			}
		case 3:
			f.Kind, f.AfterBytes = fault.Truncate, random.Int64N(20)
		case 4:
			f.Kind = fault.Stall
		case 5:
			f.Kind, f.Body = fault.Garbage, "<html>"
			if f.Operation == fault.PutPart {
				f.Kind, f.Body = fault.MissingETag, ""
			}
		case 6:
			f.Operation = "PutPart"
			f.Kind = pickOf(random, fault.ExpiredURL, fault.WrongETag)
		case 7:
			f.Kind, f.Delay = fault.Delay, time.Duration(random.Int64N(int64(time.Minute)))
		}
		// Some that nothing can help against.
		if random.IntN(15) == 0 {
			f = fault.Fault{Operation: f.Operation, Kind: fault.Status, Status: []int{400, 403, 413}[random.IntN(3)], Times: -1}
		}
		if f.Validate() == nil {
			faults = append(faults, f)
		}
	}
	return faults
}

func pickOf[T any](random *rand.Rand, of ...T) T { return of[random.IntN(len(of))] }
