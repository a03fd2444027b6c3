package suite

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/c88edac7/bytescale-go/gen"
)

// transformations transforms a file in every documented way. The generated client cannot, as for downloads.
func transformations(h *harness) (steps []step) {
	const path, content = "/transformations/a b/ü!'()*~+?#&=%.txt", "0123456789"
	image, missing := "/"+account+"/image"+escape(path), "/"+account+"/image/missing.txt"
	steps = append(steps, step{"storing the file", func() error { return h.storeFile(path, content) }})
	add := func(path, query, byteRange string, form credentials, status int, want string) {
		what := strings.TrimSpace(fmt.Sprintf("%s?%s %s as %s", path, query, byteRange, form.name))
		steps = append(steps, step{what, func() error {
			r := operationOf("ProcessFile").requestWith(h, path, query, nil)
			form.set(r.Header)
			if byteRange != "" {
				r.Header.Set("Range", byteRange)
			}
			return h.wantContent(r, status, want)
		}})
	}
	for _, query := range []string{
		"", "w=800&fit=crop&text=a&text=b", "artifact=%2F", "a=%2F", "cache=false", "cache-only=true", "cache_only=true", "cache-perm=auto", "cache_perm=false",
		"cache-ttl=31536000", "cache-ttl-404=60", "cache_ttl=31536000", "cache_ttl_404=60", "download=true", "exp=inf", "version=1", "v=1",
		"sig=1.F91kfA1g.MDEy", "enc=1.F91kfA1g.MDEy.Y2Rl", "auth=true", "meta-campaign=x",
	} {
		add(image, query, "", bearer, 200, content)
	}
	add(missing, queryOf("path", path), "", bearer, 200, content)
	for _, form := range append([]credentials{anonymous}, accepted...) {
		add(image, "", "", form, 200, content)
	}
	add(image, "", "bytes=0-3", bearer, 206, "0123")
	add(image, "", "bytes=100-", bearer, 416, "")
	add(image, "cache-only=true&w=1", "", bearer, 404, "")
	add(image, "artifact=%2Fmissing", "", bearer, 404, "")
	add(missing, "", "", bearer, 404, "")
	add("/"+account+"/unknown"+escape(path), "", "", bearer, 404, "")
	condition := func(header, value string, status int) {
		steps = append(steps, step{header + " " + value, func() error {
			r := operationOf("ProcessFile").requestWith(h, image, "", nil)
			r.Header.Set("Range", "bytes=0-3")
			r.Header.Set(header, value)
			return h.wantContent(r, status, "")
		}})
	}
	condition("If-Range", `"another"`, 200)
	condition("If-None-Match", `"another", *`, 304)
	condition("If-Modified-Since", "Fri, 31 Dec 9999 23:59:59 GMT", 304)
	steps = append(steps, step{"a video", func() error { return h.video(path, content) }})
	for _, form := range accepted {
		steps = append(steps, step{"saving, " + form.name, func() error { return h.save(form, path) }})
	}
	return steps
}

func (h *harness) storeFile(path, content string) error {
	op := operationOf("BasicUpload")
	response, err := h.strict.RoundTrip(op.requestWith(h, op.path, queryOf("filePath", path), []byte(content)))
	if err != nil {
		return err
	}
	return wantStatus(response.StatusCode, 200)
}

// video asks for what takes long: first there is a job, and then the result.
func (h *harness) video(path, content string) error {
	request := func() *http.Request {
		return operationOf("ProcessFile").requestWith(h, "/"+account+"/video"+escape(path), "f=mp4-h264", nil)
	}
	var unfinished gen.FileNotProcessed
	if err := h.wantJSON(request(), 404, &unfinished); err != nil {
		return err
	}
	if job := unfinished.Job; job == nil || job.JobType != gen.JobTypeProcessVideo || job.AccountID != account {
		return fmt.Errorf("a video: %+v", unfinished)
	}
	return h.wantContent(request(), 200, content)
}

// save stores what a transformation makes of a file: at once, and by a job.
func (h *harness) save(form credentials, source string) error {
	h.counter++
	for transformation, async := range map[string]bool{"image": false, "antivirus": true} {
		var answer gen.ProcessFileAndSaveResponse
		destination := fmt.Sprintf("/saved/%s-%d", transformation, h.counter)
		body := fmt.Sprintf(`{"destination":%q,"extendedParams":{"w":1},"metadata":{"value":{"a":"b"}},"tags":{"value":["t"]}}`, destination)
		r := operationOf("ProcessFileAndSave").requestWith(h, "/"+account+"/save/"+transformation+escape(source), "fit=crop&text=a&text=b", []byte(body))
		form.set(r.Header)
		if err := h.wantJSON(r, 200, &answer); err != nil {
			return err
		}
		if async != (answer.Job != nil) || async == (answer.Saved != nil && answer.Saved.FilePath == destination) {
			return fmt.Errorf("%s: %+v", transformation, answer)
		}
		var details gen.FileDetails
		op := operationOf("GetFileDetails")
		err := h.wantJSON(op.requestWith(h, op.path, queryOf("filePath", destination), nil), 200, &details)
		if err := firstError(err, wantEqual("the tags", details.Tags, []string{"t"}), wantEqual("the metadata", details.Metadata, gen.Metadata{"a": "b"})); err != nil {
			return err
		}
	}
	return nil
}

// wantJSON demands the status of a valid answer, and decodes it.
func (h *harness) wantJSON(r *http.Request, status int, value any) error {
	response, err := h.strict.RoundTrip(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(response.Body)
	return firstError(err, wantStatus(response.StatusCode, status), json.Unmarshal(body, value))
}
