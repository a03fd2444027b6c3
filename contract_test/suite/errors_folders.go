package suite

// anonymously stands for no credentials at all.
const anonymously = "-"

// folderSetup makes the folders that folderFailures are about, and a file.
func folderSetup(h *harness) []step {
	put := func(path, settings string) step {
		return step{"the folder " + path, func() error {
			op := operationOf("PutFolder")
			r := op.requestWith(h, op.path, "", []byte(`{"folderPath":"`+path+`","folderSettings":{`+settings+`}}`))
			return h.wantContent(r, 200, "")
		}}
	}
	return []step{
		put("/errors/private", `"publicPermissions":{"set":true,"value":[]}`),
		put("/errors/external", `"storageLayer":{"set":true,"value":{"type":"Web","baseUrl":"https://files.example.com"}}`),
		{"the file /errors/a", func() error { return h.storeFile("/errors/a", "content") }},
		{"the file /errors/private/a", func() error { return h.storeFile("/errors/private/a", "content") }},
	}
}

// folderFailures are about folders, copies and downloads.
func folderFailures() []failure {
	all := []failure{
		{what: "copying a missing file", operation: "CopyFile", body: `{"source":"/missing","destination":"/b"}`, status: 404},
		{what: "copying too much metadata", operation: "CopyFile", body: `{"source":"/errors/a","destination":"/errors/b","metadata":{"value":{"a":` + tooMuchText + `}}}`, status: 400},
		{what: "copying to external storage", operation: "CopyFile", body: `{"source":"/errors/a","destination":"/errors/external/a"}`, status: 501},
		{what: "copying a folder into itself", operation: "CopyFolder", body: `{"source":"/errors","destination":"/errors/to"}`, status: 400},
		{
			what: "copying other storage with virtual folders", operation: "CopyFolder",
			body: `{"source":"/errors","destination":"/to","copyOverriddenStorage":true}`, status: 400,
		},
		{what: "a folder without a name", operation: "PutFolder", body: `{"folderPath":"/errors/"}`, status: 400},
		{what: "a cursor of another list", operation: "ListFolder", query: "folderPath=%2Ferrors&cursor=L290aGVyL2E%3D", status: 400},
		{what: "a cursor that is none", operation: "ListFolder", query: "folderPath=%2Ferrors&cursor=%21", status: 400},
		{what: "a private file", operation: "DownloadFile", path: "/" + account + "/raw/errors/private/a", authorization: anonymously, status: 403},
		{what: "a private file, transformed", operation: "ProcessFile", path: "/" + account + "/image/errors/private/a", authorization: anonymously, status: 403},
		{what: "a file in external storage", operation: "DownloadFile", path: "/" + account + "/raw/errors/external/a", status: 501},
		{what: "saving a missing file", operation: "ProcessFileAndSave", path: "/" + account + "/save/image/missing", body: `{}`, status: 404},
		{what: "saving an unknown transformation", operation: "ProcessFileAndSave", path: "/" + account + "/save/other/errors/a", body: `{}`, status: 404},
		{
			what: "saving over a file with a public key", operation: "ProcessFileAndSave", path: "/" + account + "/save/image/errors/a",
			body: `{"destination":"/errors/a"}`, authorization: "Bearer " + publicKey, status: 403,
		},
	}
	for _, id := range []string{
		"CopyFile", "CopyFileBatch", "DeleteFileBatch", "PutFolder", "GetFolderDetails", "DeleteFolder", "DeleteFolderBatch", "ListFolder",
		"CopyFolder", "CopyFolderBatch",
	} {
		all = append(all, failure{what: id + " with a public key", operation: id, authorization: "Bearer " + publicKey, status: 403})
	}
	return all
}

// jobFailures are about jobs and caches.
func jobFailures() []failure {
	all := []failure{
		{what: "an unknown job", operation: "GetJob", status: 404},
		{what: "a job of an unknown type", operation: "GetJob", path: accountPath + "/jobs/ExampleJob/" + jobID, status: 404},
		{what: "cancelling an unknown job", operation: "CancelJob", status: 404},
		{what: "listing jobs of an unknown type", operation: "ListRecentJobs", query: "jobType=ExampleJob", status: 400},
		{what: "resetting no cache", operation: "ResetCache", body: `{"pattern":"/raw/*","resetEdgeCache":false,"resetPermanentCache":false}`, status: 400},
	}
	for _, id := range []string{"GetJob", "CancelJob", "ListRecentJobs", "ResetCache"} {
		all = append(all,
			failure{what: id + " with a public key", operation: id, authorization: "Bearer " + publicKey, status: 403},
			failure{what: id + " with a public key and a token", operation: id, authorization: "Bearer " + publicKey, token: everything, status: 403})
	}
	return all
}
