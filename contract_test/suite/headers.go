package suite

import "net/http"

// checkHeaders has answers come with the headers that programs read, present and absent, good and bad.
func checkHeaders(w *world) {
	for i := range operations {
		op := &operations[i]
		for _, status := range []int{429, 500, 503} {
			w.header(op, status, "Retry-After", []string{"2", "0", "Wed, 21 Oct 2026 07:28:00 GMT"}, []string{""}, true)
		}
	}
	download := operationOf("DownloadFile")
	for _, status := range []int{200, 206} {
		w.header(download, status, "Etag", []string{`"x"`, "x"}, []string{""}, true)
		w.header(download, status, "Accept-Ranges", []string{"bytes", "none"}, nil, true)
	}
	w.header(download, 206, "Content-Range", []string{"bytes 0-1/3", "bytes 0-1/*"}, []string{"", "bytes */3", "bytes 0-1", "0-1/3", "items 0-1/3"}, false)
	w.header(download, 416, "Content-Range", []string{"bytes */3"}, []string{"", "bytes 0-1/3", "*/3"}, true)
}

// header tries values of one header of an answer that is valid otherwise.
func (w *world) header(op *operation, status int, name string, good, bad []string, optional bool) {
	answer := func(value *string) canned {
		a := canned{status, http.Header{"Content-Type": {"application/json"}}, []byte(errorResponse)}
		if status < 400 {
			a.header.Set("Content-Type", "video/mp4")
			if status == http.StatusPartialContent {
				a.header.Set("Content-Range", "bytes 0-1/3")
			}
		}
		if a.header.Del(name); value != nil {
			a.header.Set(name, *value)
		}
		return a
	}
	for _, value := range good {
		w.answersWith(op, answer(&value), true, op.id+" with "+name+": "+value)
	}
	for _, value := range bad {
		w.answersWith(op, answer(&value), false, op.id+" with "+name+": "+value)
	}
	w.answersWith(op, answer(nil), optional, op.id+" without "+name)
}
