package fake

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

// storagePath begins the path of every part URL.
const storagePath = "/storage/"

// call is what the method and the path of a request ask for.
type call struct {
	operation string // operation.PutPart, operation.AccessToken, an operationId, or "" if it is none of them
	account   string
	upload    string // "" if the operation has none
	part      int64  // -1 if the operation has none, or it is not a number
	path      string // file path of a request to the CDN

	transformation string // "" if the operation has none
}

func (c *call) isAPI() bool { return operation.IsAPI(c.operation) }

// route finds the operation of a request. One origin serves all three servers:
// object storage, the API and the CDN. If only the method is wrong, allow lists
// the methods that the address has.
func route(r *http.Request) (c call, allow string) {
	if rest, ok := strings.CutPrefix(r.URL.Path, storagePath); ok {
		return routeStorage(r.Method, rest)
	}
	if account, ok := strings.CutPrefix(r.URL.Path, accessTokenPath); ok {
		return routeAccessToken(r.Method, account)
	}
	server := operation.CDN
	if strings.HasPrefix(r.URL.Path, "/v2/") {
		server = operation.API
	}
	id, params, allow := operation.Match(server, r.Method, r.URL.Path)
	return call{
		operation: id,
		account:   params.Get("accountId"),
		upload:    params.Get("uploadId"),
		part:      partIndex(params.Get("uploadPartIndex")),
		path:      params.Get("filePath"),

		transformation: params.Get("transformation"),
	}, allow
}

// routeStorage reads the path of a part URL, which [Server.partURL] writes.
func routeStorage(method, path string) (c call, allow string) {
	segments := strings.Split(path, "/")
	switch {
	case len(segments) != 3:
		return call{part: -1}, ""
	case method != http.MethodPut:
		return call{part: -1}, http.MethodPut
	}
	return call{operation: operation.PutPart, account: segments[0], upload: segments[1], part: partIndex(segments[2])}, ""
}

// routeAccessToken reads the account of a token that is registered or forgotten.
func routeAccessToken(method, account string) (c call, allow string) {
	switch {
	case strings.Contains(account, "/") || account == "":
		return call{part: -1}, ""
	case method != http.MethodPut && method != http.MethodDelete:
		return call{part: -1}, http.MethodDelete + ", " + http.MethodPut
	}
	return call{operation: operation.AccessToken, account: account, part: -1}, ""
}

// partIndex returns the index of a part, or -1 if the text is not one.
func partIndex(text string) int64 {
	index, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return -1
	}
	return int64(index)
}
