package fault_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

func TestJSON(t *testing.T) {
	const text = `{"operation":"PutPart","part":0,"occurrence":2,"times":-1,"eachPart":true,"after":true,` +
		`"kind":"status","status":503,"code":"c","message":"m","retryAfter":"1","retryAfterMillis":5,"header":{"A":"b"},` +
		`"body":"x","afterBytes":7,"rate":8,"set":{"/a":1},"retryAfterDate":"1m0s","delay":"1.5s"}`
	var f fault.Fault
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(err)
	}
	if f.Delay != 1500*time.Millisecond || f.RetryAfterDate != time.Minute || *f.Part != 0 {
		t.Errorf("decoded %+v", f)
	}
	data, err := json.Marshal(f)
	if err != nil || string(data) != text || f.String() != text {
		t.Errorf("encoded %s, %v", data, err)
	}
	for _, wrong := range []string{`{"operatoin":"PutPart"}`, `{"delay":5}`, `{"delay":"5"}`, `[]`} {
		if err := json.Unmarshal([]byte(wrong), &f); err == nil {
			t.Errorf("%s was accepted", wrong)
		}
	}
}

func TestValidate(t *testing.T) {
	const put = fault.PutPart
	for _, f := range []fault.Fault{
		{Operation: put, Kind: fault.Reset},
		{Operation: fault.AnyOperation, Kind: fault.Stall, AfterBytes: -1},
		{Operation: "DeleteFile", Kind: fault.Switch, After: true},
		{Operation: "GetFileDetails", Kind: fault.Status, Status: 200},
		{Operation: "UploadFromUrl", Kind: fault.Status, Status: 599, After: true},
		{Operation: "CompleteUploadPart", Kind: fault.RefuseETag, Part: fault.Part(1)},
	} {
		if err := f.Validate(); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
	for _, test := range []struct {
		fault fault.Fault
		want  string
	}{
		{fault.Fault{}, "no kind"},
		{fault.Fault{Operation: put}, "no kind"},
		{fault.Fault{Operation: put, Kind: "satus"}, `no kind "satus"`},
		{fault.Fault{Operation: "putPart", Kind: fault.Reset}, `no operation "putPart"`},
		{fault.Fault{Operation: put, Kind: fault.Status}, "status 0"},
		{fault.Fault{Operation: put, Kind: fault.Status, Status: 199}, "status 199"},
		{fault.Fault{Operation: put, Kind: fault.Status, Status: 600}, "status 600"},
		{fault.Fault{Operation: put, Kind: fault.Reset, Occurrence: -1}, "occurrences"},
		{fault.Fault{Operation: put, Kind: fault.Trickle}, "rate"},
		{fault.Fault{Operation: put, Kind: fault.Delay}, "needs a delay"},
		{fault.Fault{Operation: put, Kind: fault.Edit}, "values to set"},
		{fault.Fault{Operation: "DownloadFile", Kind: fault.EditHeader}, "needs a header"},
		{fault.Fault{Operation: put, Kind: fault.IgnoreRange}, "does not go with"},
		{fault.Fault{Operation: put, Kind: fault.Reset, AfterBytes: -1}, "negative"},
		{fault.Fault{Operation: put, Kind: fault.Reset, AfterBytes: 1, After: true}, "afterBytes"},
		{fault.Fault{Operation: put, Kind: fault.RefuseETag}, "does not go with"},
		{fault.Fault{Operation: "GetUploadPart", Kind: fault.MissingETag}, "does not go with"},
		{fault.Fault{Operation: "GetFileDetails", Kind: fault.ForgetUpload}, "does not go with"},
		{fault.Fault{Operation: put, Kind: fault.WrongETag, After: true}, "has no after"},
	} {
		if err := test.fault.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.fault, err, test.want)
		}
	}
}
