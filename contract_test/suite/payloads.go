package suite

// Valid messages with every property that there is, each the base of many that differ from it in one place.
const (
	beginRequest = `{"metadata":{"a":{"b":[1,null,"c"]}},"mime":"text/plain","originalFileName":"a.txt",
		"path":{"fileName":"b.txt","fileNameFallback":"c.txt","fileNameVariablesEnabled":true,"folderPath":"/d","folderPathVariablesEnabled":false},
		"protocol":"1.1","size":10,"tags":["t"]}`
	urlRequest = `{"metadata":{"a":1},"mime":"text/plain","originalFileName":"a.txt","path":"/b.txt","tags":["t"],"timeout":5000,
		"url":"https://assets.example.com/a.txt"}`
	formRequest = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--B--\r\n"

	detailsResponse = `{"accountId":"A623uY2","etag":"33a64df5","filePath":"/a.txt","fileUrl":"https://upcdn.io/A623uY2/raw/a.txt",
		"lastModified":1615680311115,"metadata":{"a":1},"mime":"text/plain","originalFileName":"a.txt","size":43182,"tags":["t"]}`
	partResponse = `{"range":{"inclusiveEnd":9,"inclusiveStart":0},"uploadId":"Kd759aLFxttm69kZ","uploadPartIndex":0,
		"uploadUrl":"https://storage.example.com/part?x-id=PutObject"}`
	beginResponse = `{"file":` + detailsResponse + `,"uploadId":"Kd759aLFxttm69kZ","uploadParts":{"count":1,"first":` + partResponse + `}}`
	basicResponse = `{"accountId":"A623uY2","etag":"33a64df5","filePath":"/a.txt","fileUrl":"https://upcdn.io/A623uY2/raw/a.txt"}`
	formResponse  = `{"errors":[{"error":{"code":"error_code","message":"Error message.","timestamp":"2024-11-14T15:19:29.471Z",
		"details":{"tip":"t"}},"formDataFieldName":"file"}],
		"files":[{"accountId":"A623uY2","etag":"33a64df5","filePath":"/a.txt","fileUrl":"https://upcdn.io/A623uY2/raw/a.txt","formDataFieldName":"file"}]}`
	errorResponse = `{"error":{"code":"error_code","message":"Error message.","details":{"body.size":{"message":"min 0","value":-1}}}}`

	dataRequest         = `"metadata":{"merge":true,"value":{"a":1}},"tags":{"merge":true,"value":["t"]}`
	copyRequest         = `{"destination":"/suite/b","source":"/suite/a",` + dataRequest + `}`
	deleteFolderRequest = `{"deleteFiles":true,"deleteVirtualFolders":true,"folderPath":"/suite/gone","recursive":true}`
	copyFolderRequest   = `{"copyFiles":true,"copyOverriddenStorage":true,"copyVirtualFolders":false,"destination":"/suite/to",
		"recursive":true,"source":"/suite/from",` + dataRequest + `}`
	saveRequest = `{"destination":{"fileName":"b.txt","fileNameFallback":"c.txt","fileNameVariablesEnabled":true,"folderPath":"/d",
		"folderPathVariablesEnabled":false},"extendedParams":[{"w":1,"text":"t","repeat":true}],
		"metadata":{"merge":true,"setForAllArtifacts":false,"value":{"a":1}},"tags":{"merge":true,"setForAllArtifacts":false,"value":["t"]}}`

	permissionsValue = `[{"permissions":{"file":{"downloadFile":["*"]}},"scope":"Children"}]`
	settingsValue    = `{"description":"d","publicPermissions":` + permissionsValue + `,"storageLayer":{"type":"InternalStorageV2","mount":"/m"}}`
	folderResponse   = `{"folderPath":"/f","settings":` + settingsValue + `,"settingsInherited":{"publicPermissions":{"folderPath":"/",
		"value":` + permissionsValue + `},"storageLayer":{"folderPath":"/","value":{"type":"InternalStorageV2"}}},"type":"Folder","virtual":true}`
	folderSummary = `{"folderPath":"/f","settings":` + settingsValue + `,"type":"Folder","virtual":true}`
	listResponse  = `{"cursor":"L2Y=","folder":` + folderSummary + `,"isPaginationComplete":true,"items":[{"filePath":"/f/a",
		"fileUrl":"https://upcdn.io/A623uY2/raw/f/a","lastModified":1615680311115,"size":43182,"type":"File"},` + folderSummary + `]}`

	jobReference = `"jobDocs":"https://www.bytescale.com/docs/job-api/GetJob","jobId":"01ARZ3NDEKTSV4RRFFQ69G5FAV","jobType":"CopyFileBatchJob",
		"jobUrl":"https://api.bytescale.com/v2/accounts/A623uY2/jobs/CopyFileBatchJob/01ARZ3NDEKTSV4RRFFQ69G5FAV"`
	startedResponse = `{` + jobReference + `}`
	jobProgress     = `"accountId":"A623uY2","created":1615680311115,"lastUpdated":1615680311115,"summary":{"a":1},` + jobReference
	jobResponse     = `{"status":"Failed","error":{"code":"error_code","details":{"a":1},"message":"m","timestamp":"2024-11-14T15:19:29.471Z"},` + jobProgress + `}`
	runningResponse = `{"status":"Running","error":null,` + jobProgress + `}`
	savedResponse   = `{"accountId":"A623uY2","async":false,"filePath":"/a.txt","fileUrl":"https://upcdn.io/A623uY2/raw/a.txt","summary":{"a":1}}`
)
