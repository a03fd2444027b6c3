package suite

import "slices"

func job(at string) field {
	f := text(at, "0", 26, 26, "01ARZ3NDEKTSV4RRFFQ69G5FA-", "01arz3ndektsv4rrffq69g5fav")
	f.good = append(f.good, jobID)
	return f
}

// known are values that a fake may answer with. The service may have others one day.
func known(at string, values ...string) field {
	f := field{at: at, bad: append([]any{"", "Other"}, notStrings...)}
	for _, value := range values {
		f.good = append(f.good, value)
	}
	return f
}

// jobTypes are the types of jobs that are known.
var jobTypes = []string{
	"ProcessImageJob", "ProcessVideoJob", "ProcessAudioJob", "AntivirusJob", "ResetCacheJob", "DeleteFolderBatchJob", "DeleteFileBatchJob",
	"CopyFolderBatchJob", "CopyFileBatchJob",
}

func jobType(at string) field {
	return known(at, jobTypes...)
}

func jobReferenceFields(prefix string) []field {
	return []field{
		known(prefix+"/jobDocs", "https://www.bytescale.com/docs/job-api/GetJob"),
		job(prefix + "/jobId"),
		jobType(prefix + "/jobType"),
		shortURL(prefix + "/jobUrl"),
	}
}

func jobFields(prefix string) []field {
	return slices.Concat(jobReferenceFields(prefix), []field{
		closed(prefix),
		accountID(prefix + "/accountId"),
		bytes64(prefix + "/created"),
		bytes64(prefix + "/lastUpdated"),
		freeObject(prefix + "/summary"),
		known(prefix+"/status", "Created", "Pending", "Running", "Rollback", "Failed", "Succeeded", "Cancelling", "Cancelled"),
		{at: prefix + "/error", bad: append([]any{map[string]any{}}, notObjects...), optional: true, nullable: true},
	})
}

func failedJobFields(prefix string) []field {
	return append(jobFields(prefix),
		closed(prefix+"/error"),
		code(prefix+"/error/code"),
		text(prefix+"/error/message", "m", 1, 0, ""),
		field{
			at: prefix + "/error/details", good: []any{"x", 7, true, []any{nil}, map[string]any{"a": nil}}, optional: true, nullable: true,
		},
		field{
			at: prefix + "/error/timestamp", good: []any{"2024-11-14T15:19:29.471Z"},
			bad: append([]any{"", "2024-11-14T15:19:29Z", "2024-11-14T15:19:29.47Z", "2024-11-14T15:19:29.4710Z", "2024-13-14T15:19:29.471Z", "yesterday, or the day be"}, notStrings...),
		})
}

var startedFields = append(jobReferenceFields(""), closed(""))

// jobAnswers are answers about jobs, and those of operations that start one.
var jobAnswers = []message{
	{operation: "CopyFileBatch", base: startedResponse, fields: startedFields},
	{operation: "DeleteFileBatch", base: startedResponse, fields: startedFields},
	{operation: "DeleteFolder", base: startedResponse, fields: startedFields},
	{operation: "DeleteFolderBatch", base: startedResponse, fields: startedFields},
	{operation: "CopyFolder", base: startedResponse, fields: startedFields},
	{operation: "CopyFolderBatch", base: startedResponse, fields: startedFields},
	{operation: "ResetCache", base: startedResponse, fields: startedFields},
	{operation: "GetJob", base: jobResponse, fields: failedJobFields("")},
	{operation: "GetJob", base: runningResponse, fields: []field{closed("")}},
	{operation: "ListRecentJobs", base: `{"items":[` + jobResponse + `]}`, fields: append([]field{
		closed(""), {at: "/items", good: []any{[]any{}}, bad: notLists}, object("/items/0"),
	}, failedJobFields("/items/0")...)},
	{operation: "ProcessFileAndSave", base: savedResponse, fields: append([]field{
		closed(""), {at: "/async", good: []any{false}, bad: []any{true, "false", 0, 7}}, freeObject("/summary").mayBeAbsent(),
	}, storedWithoutETag("")...)},
	{operation: "ProcessFileAndSave", base: savingResponse, fields: append([]field{
		{at: "/async", good: []any{true}, bad: []any{false, "true", 1, 7}},
	}, jobFields("")...)},
}

const savingResponse = `{"async":true,"status":"Running","error":null,` + jobProgress + `}`

func storedWithoutETag(prefix string) []field {
	return []field{accountID(prefix + "/accountId"), filePath(prefix + "/filePath"), fileURL(prefix + "/fileUrl")}
}

// cachePattern is a path of the CDN that may end with *.
func cachePattern(at string) field {
	f := text(at, "/", 1, 1000, "a", "*", "/a*b", "/**", "a/b")
	f.good = append(f.good, "/*", "/raw/example.jpg", "/image/customers/abc/*")
	return f
}

// param is the value of a parameter of a transformation.
func param(at string) field {
	return field{at: at, good: []any{"", "x", 0, 1.5, true, false}, bad: []any{[]any{}, map[string]any{}}, optional: true}
}

// otherRequests are those of caches and transformations.
var otherRequests = []message{
	{operation: "ResetCache", base: `{"pattern":"/raw/a","resetEdgeCache":true,"resetPermanentCache":true}`, fields: []field{
		closed(""), cachePattern("/pattern"), boolean("/resetEdgeCache"), boolean("/resetPermanentCache"),
	}},
	{operation: "ProcessFileAndSave", base: saveRequest, fields: []field{
		closed(""),
		destinationUnion().mayBeAbsent(),
		closed("/destination"),
		fileName("/destination/fileName").mayBeAbsent(),
		{
			at: "/extendedParams", good: []any{map[string]any{}, map[string]any{"w": 1}, []any{}, []any{map[string]any{}, map[string]any{"w": "x"}}},
			bad: []any{"x", 7, true, []any{7}, []any{[]any{}}}, optional: true,
		},
		object("/extendedParams/0").mayBeAbsent(), // an empty object is left
		param("/extendedParams/0/w"),
		object("/metadata").mayBeAbsent(),
		closed("/metadata"),
		boolean("/metadata/merge").mayBeAbsent(),
		boolean("/metadata/setForAllArtifacts").mayBeAbsent(),
		freeObject("/metadata/value").mayBeAbsent(),
		object("/tags").mayBeAbsent(),
		closed("/tags"),
		boolean("/tags/merge").mayBeAbsent(),
		boolean("/tags/setForAllArtifacts").mayBeAbsent(),
		tags("/tags/value").mayBeAbsent(),
		tagAt("/tags/value/0"),
	}},
	{operation: "ProcessFileAndSave", base: `{"extendedParams":{"w":1}}`, fields: []field{param("/extendedParams/w")}},
}

// destinationUnion is pathUnion in another place.
func destinationUnion() field {
	f := pathUnion()
	f.at = "/destination"
	return f
}
