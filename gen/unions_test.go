package gen

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// roundTrip decodes wire into value, compares it with want, and encodes it again.
func roundTrip[T any](t *testing.T, wire string, want T) {
	t.Helper()
	var got T
	if err := json.Unmarshal([]byte(wire), &got); err != nil {
		t.Fatalf("%s: %v", wire, err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", wire, got, want)
	}
	data, err := json.Marshal(want)
	if err != nil || string(data) != wire {
		t.Errorf("encoded: got %s, %v, want %s", data, err, wire)
	}
}

// refuses expects decoding to fail and to leave the value as it was.
func refuses[T any](t *testing.T, before T, wires ...string) {
	t.Helper()
	for _, wire := range wires {
		value := before
		if err := json.Unmarshal([]byte(wire), &value); err == nil {
			t.Errorf("%s: no error", wire)
		}
		if !reflect.DeepEqual(value, before) {
			t.Errorf("%s: changed the value to %+v", wire, value)
		}
	}
}

func TestFieldUpdate(t *testing.T) {
	type text = FieldUpdate[string]
	type list = FieldUpdate[[]string]
	roundTrip(t, `{"set":false}`, text{})
	roundTrip(t, `{"set":true}`, text{Set: true})
	roundTrip(t, `{"set":true,"value":"x"}`, text{Set: true, Value: "x"})
	roundTrip(t, `{"set":true}`, list{Set: true})
	roundTrip(t, `{"set":true,"value":[]}`, list{Set: true, Value: []string{}})
	refuses(t, text{Set: true, Value: "old"},
		`{}`, `{"value":"x"}`, `{"set":"true"}`, `{"set":1}`, `{"set":null}`, `{"set":false,"value":"x"}`, `{"set":true,"value":7}`, `[]`, `true`)
	if data, err := json.Marshal(text{Value: "x"}); err == nil {
		t.Errorf("a value without set: no error, %s", data)
	}
}

// Settings left out, left as they are, cleared and set are four things.
func TestPatchFolderSettings(t *testing.T) {
	s3 := StorageLayerUpdate{}
	if err := s3.FromS3Storage(S3Storage{
		Bucket:      S3Bucket{BucketName: "b", BucketRegion: AwsRegionUsEast1},
		Credentials: S3StorageCredentials{AwsAccessKey: "a", AwsSecretKey: "s"},
	}); err != nil {
		t.Fatal(err)
	}
	none := PublicPermissionsList{}
	for wire, settings := range map[string]PatchFolderSettings{
		`{}`: {},
		`{"description":{"set":false},"publicPermissions":{"set":true}}`: {
			Description: &UpdatableFolderDescription{}, PublicPermissions: &UpdatablePublicPermissions{Set: true},
		},
		`{"description":{"set":true,"value":"d"},"publicPermissions":{"set":true,"value":[]}}`: {
			Description:       &UpdatableFolderDescription{Set: true, Value: "d"},
			PublicPermissions: &UpdatablePublicPermissions{Set: true, Value: none},
		},
		`{"storageLayer":{"set":true,"value":{"bucket":{"bucketName":"b","bucketRegion":"us-east-1","objectKeyPrefix":""},` +
			`"credentials":{"awsAccessKey":"a","awsSecretKey":"s"},"type":"S3","useAbsolutePaths":false,"useTransferAcceleration":false}}}`: {
			StorageLayer: &UpdatableStorageLayer{Set: true, Value: s3},
		},
	} {
		roundTrip(t, wire, settings)
	}
}

func TestSavedOrJob(t *testing.T) {
	saved := `{"accountId":"A623uY2","async":false,"filePath":"/a","fileUrl":"https://upcdn.io/A623uY2/raw/a"`
	roundTrip(t, saved+`}`, SavedOrJob{Saved: &ProcessFileAndSaveResponseSync{
		AccountID: "A623uY2", FilePath: "/a", FileURL: "https://upcdn.io/A623uY2/raw/a",
	}})
	roundTrip(t, saved+`,"summary":{"n":12345678901234567}}`, SavedOrJob{Saved: &ProcessFileAndSaveResponseSync{
		AccountID: "A623uY2", FilePath: "/a", FileURL: "https://upcdn.io/A623uY2/raw/a",
		Summary: JSONObject{"n": json.Number("12345678901234567")},
	}})
	job := `{"accountId":"A623uY2","async":true,"created":1,"jobDocs":"d","jobId":"i","jobType":"NewJob","jobUrl":"u",` +
		`"lastUpdated":2,"status":"Pondering","summary":{}}`
	roundTrip(t, job, SavedOrJob{Job: &ProcessFileAndSaveResponseAsync{
		AccountID: "A623uY2", Async: true, Created: 1, JobDocs: "d", JobID: "i", JobType: "NewJob", JobURL: "u",
		LastUpdated: 2, Status: "Pondering", Summary: JSONObject{},
	}})
	// The member that is set says what async is.
	data, err := json.Marshal(SavedOrJob{Job: &ProcessFileAndSaveResponseAsync{}})
	if err != nil || !strings.Contains(string(data), `"async":true`) {
		t.Errorf("a job: %s, %v", data, err)
	}
	refuses(t, SavedOrJob{Saved: &ProcessFileAndSaveResponseSync{FilePath: "/old"}},
		`{}`, `{"async":"false"}`, `{"async":null}`, `{"async":1}`, `{"async":true,"created":"x"}`, `{"async":false,"filePath":7}`, `[]`)
	for _, neither := range []SavedOrJob{{}, {Saved: &ProcessFileAndSaveResponseSync{}, Job: &ProcessFileAndSaveResponseAsync{}}} {
		if data, err := json.Marshal(neither); err == nil {
			t.Errorf("none or both: no error, %s", data)
		}
	}
}

func TestJobOrError(t *testing.T) {
	roundTrip(t, `{"error":{"code":"file_not_found","message":"No file."}}`, JobOrError{
		Error: &ErrorResponse{Error: ErrorInfo{Code: "file_not_found", Message: "No file."}},
	})
	job := JobSummary{
		AccountID: "A623uY2", Created: 1, JobDocs: "d", JobID: "i", JobType: JobTypeProcessVideo, JobURL: "u",
		LastUpdated: 2, Status: JobStatusRunning, Summary: JSONObject{},
	}
	const begin, rest = `{"accountId":"A623uY2","created":1,`, `"jobDocs":"d","jobId":"i","jobType":"ProcessVideoJob","jobUrl":"u","lastUpdated":2,"status":`
	roundTrip(t, begin+rest+`"Running","summary":{}}`, JobOrError{Job: &job})
	null := job
	null.Error.Null = true
	roundTrip(t, begin+`"error":null,`+rest+`"Running","summary":{}}`, JobOrError{Job: &null})
	// A failed job has an error and is a job all the same.
	failed := job
	failed.Status = JobStatusFailed
	failed.Error = JobSummaryError{Valid: true, Value: JobError{
		Code: "c", Details: json.RawMessage(`null`), Message: "m", Timestamp: timestamp(t, "2024-11-14T15:19:29.47Z"),
	}}
	roundTrip(t, begin+`"error":{"code":"c","details":null,"message":"m","timestamp":"2024-11-14T15:19:29.470Z"},`+rest+
		`"Failed","summary":{}}`, JobOrError{Job: &failed})
	refuses(t, JobOrError{Job: &job}, `{}`, `{"jobId":7}`, `{"error":7}`, `{"jobId":"i","created":"x"}`, `[]`, `"x"`)
	for _, neither := range []JobOrError{{}, {Job: &job, Error: &ErrorResponse{}}} {
		if data, err := json.Marshal(neither); err == nil {
			t.Errorf("none or both: no error, %s", data)
		}
	}
}
