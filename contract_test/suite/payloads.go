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
)
