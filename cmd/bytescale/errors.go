package main

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/internal/osfile"
)

// explain returns one line that describes an error and, if the user can do something
// about it, what.
func explain(err error) string {
	text := explanation(err)
	var upload *bytescale.UploadError
	if errors.As(err, &upload) && upload.MayExist {
		text = strings.Replace(text, ", so nothing was stored", "", 1)
		text += "; the file may be stored all the same: look before you upload it again"
	} else if errors.Is(err, bytescale.ErrOutcomeUnknown) {
		text += "; it may have been done all the same"
	}
	return shown(shortened(text))
}

func explanation(err error) string {
	var api *bytescale.APIError
	var argument *bytescale.ArgumentError
	var local *localError
	var job *bytescale.JobError
	var kept *notDeletedError
	switch {
	case errors.As(err, &kept):
		return "was copied to " + kept.destination + " but not deleted: " + explanation(kept.err)
	case errors.As(err, &job):
		return jobExplanation(job)
	case errors.Is(err, bytescale.ErrCheckpointLocked):
		return "is already being uploaded to the same place, by this command or another one; let that finish, or use --no-resume"
	case errors.Is(err, bytescale.ErrInvalidKey):
		return "the API key is malformed: " + keyReason(err) + "; copy the whole key from the dashboard"
	case errors.As(err, &argument):
		return argumentExplanation(argument)
	case errors.Is(err, bytescale.ErrSourceChanged):
		return "changed while it was uploaded, so nothing was stored; try again when nothing writes to it"
	case errors.Is(err, bytescale.ErrSourceSize):
		return "is shorter or longer than it said it was, so nothing was stored; try again when nothing writes to it"
	case errors.Is(err, bytescale.ErrFileChanged):
		return "the file was replaced on the server while it was downloaded; run the same command again"
	case errors.Is(err, bytescale.ErrStalled):
		return "the connection stood still for too long; run the same command again" + continuation(err)
	case errors.Is(err, io.ErrUnexpectedEOF) && isFromCDN(err):
		return "the connection broke before the end of the file; run the same command again" + continuation(err)
	case errors.As(err, &api):
		return apiExplanation(api, addressFlag(err))
	case errors.Is(err, bytescale.ErrProtocol):
		return reason(err) + "; check that " + addressFlag(err) + " is the address of the service"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many open files; lower --files or --concurrency, or raise the limit (ulimit -n)"
	case errors.As(err, &local):
		return local.name + ": " + fileExplanation(local.err)
	case isTemporary(err):
		return temporaryExplanation(err)
	}
	if text, ok := networkExplanation(err, addressFlag(err)); ok {
		return text
	}
	return fileExplanation(err)
}

// jobExplanation explains the end of a job that did not succeed.
func jobExplanation(err *bytescale.JobError) string {
	name := jobName(err.Type, err.ID)
	if err.Status == bytescale.JobStatusCancelled {
		return "the job was cancelled; see what it did until then: bytescale job show " + name
	}
	said := strings.TrimSuffix(cmp.Or(err.Message, "the service gives no reason"), ".")
	if err.Code != "" {
		said += " (" + err.Code + ")"
	}
	return "the job failed: " + said + "; see what it did until then: bytescale job show " + name
}

// flagOf maps the fields of the client's argument errors to flags.
var flagOf = map[string]string{
	"apiURL":           "--api-url",
	"cdnURL":           "--cdn-url",
	"accountID":        "--account-id",
	"apiRate":          "--api-rate",
	"putsInFlight":     "--concurrency",
	"singleRequest":    "--single-request",
	"folder":           "--folder",
	"fileName":         "--name",
	"originalFileName": "--name", // of standard input
	"mime":             "--mime",
	"tags":             "--tag",
	"metadata":         "--metadata",
	"include":          "--include",
	"exclude":          "--exclude",
	"filePath":         "the path",
	"folderPath":       "the path",
	"description":      "--description",
	"path":             "--output", // of a result
	"pattern":          "the pattern",
	"preset":           "the transformation",
	"jobId":            "the job",
	"jobType":          "the job",
}

// argumentExplanation explains an argument that the client rejected before it sent
// anything.
func argumentExplanation(err *bytescale.ArgumentError) string {
	field, _, _ := strings.Cut(err.Field, "[") // tags[3]
	flag, known := flagOf[field]
	switch {
	case field == "mime":
		return flag + " is not a MIME type such as image/jpeg"
	case known:
		return flag + " " + err.Reason
	}
	return err.Error()
}

// localError is an error about a file or directory whose name the line does not begin
// with yet.
type localError struct {
	name string
	err  error
}

func (e *localError) Error() string { return e.name + ": " + e.err.Error() }
func (e *localError) Unwrap() error { return e.err }

// about puts a name before an error of the file system. Other errors are returned
// unchanged.
func about(name string, err error) error {
	var file *fs.PathError
	var link *os.LinkError
	if errors.As(err, &file) || errors.As(err, &link) {
		return &localError{name, err}
	}
	return err
}

// cdnError is an error of a download. Its server is that of --cdn-url.
type cdnError struct {
	error
	continues bool // the same command continues the download
}

func (e cdnError) Unwrap() error { return e.error }

func fromCDN(err error) error {
	if err == nil {
		return nil
	}
	return cdnError{error: err}
}

func isFromCDN(err error) bool {
	var cdn cdnError
	return errors.As(err, &cdn)
}

// continuation says what the same command does after a failure: an upload continues, and so
// does a download that left something to continue.
func continuation(err error) string {
	var cdn cdnError
	if errors.As(err, &cdn) && !cdn.continues {
		return ", which starts from the beginning"
	}
	return " to continue"
}

// addressFlag returns the flag with the address of the server that err came from.
func addressFlag(err error) string {
	if isFromCDN(err) {
		return "--cdn-url"
	}
	return "--api-url"
}

// isTemporary reports whether err is about a temporary file, whose name the user does
// not know.
func isTemporary(err error) bool {
	var file *fs.PathError
	dir := filepath.Clean(os.TempDir())
	return errors.As(err, &file) && (file.Path == dir || strings.HasPrefix(file.Path, dir+string(filepath.Separator)))
}

func temporaryExplanation(err error) string {
	_, missing := lookUp(os.TempDir())
	switch {
	case isDiskFull(err):
		return fmt.Sprintf("the disk of %s is full (%s); free some space, or set TMPDIR to another disk", os.TempDir(), reason(err))
	case missing != nil:
		return fmt.Sprintf("the directory for temporary files, %s, does not exist; set TMPDIR to another", os.TempDir())
	}
	return fileExplanation(err) // the user's own files may be there too
}

// partOperation is the operation of the errors that storage answers.
const partOperation = "PutPart"

// apiExplanation explains an unsuccessful answer. The advice depends on who answered:
// the API, the CDN, storage, or a proxy or gateway in the place of one of them. address
// is the flag with the server's address.
func apiExplanation(err *bytescale.APIError, address string) string {
	said := fmt.Sprintf("status %d", err.Status)
	if text := cmp.Or(strings.TrimSuffix(err.Message, "."), http.StatusText(err.Status)); text != "" {
		said = fmt.Sprintf("%s (%d)", text, err.Status)
	}
	switch {
	case err.Status == http.StatusProxyAuthRequired:
		return "the proxy wants a user name and a password: " + said + "; put them into the proxy's URL"
	case err.Status == http.StatusNetworkAuthenticationRequired:
		return "the network wants you to log in: " + said + "; do that in a browser, then run the same command again"
	case err.Operation == partOperation:
		return storageExplanation(err.Status, said)
	case err.Status >= 300 && err.Status < 400:
		return "the server wants another address to be used: " + said + "; check " + address
	case err.Status == http.StatusUnauthorized:
		return "the server refused the API key: " + said + "; check BYTESCALE_API_KEY"
	case err.Status == http.StatusPaymentRequired:
		return "the account does not allow it: " + said + "; see the account's plan"
	case err.Status == http.StatusForbidden:
		return "not permitted: " + said + "; " + permissionAdvice(err)
	case err.Status == http.StatusNotFound && (err.Operation == "GetJob" || err.Operation == "CancelJob"):
		return "not found on the server: " + said + "; check the name of the job and the account"
	case err.Status == http.StatusNotFound && err.Operation == "BeginMultipartUpload":
		return "not found on the server: " + said + "; check --api-url and the account"
	case err.Status == http.StatusNotFound:
		return "not found on the server: " + said + "; check the path and the account"
	case err.Status == http.StatusConflict:
		return "exists already: " + said + "; use another --name or --folder, or remove the stored file first"
	case err.Status == http.StatusRequestEntityTooLarge && !err.FromService:
		return "too large: " + said + "; " + maybeGateway + "check its limit"
	case err.Status == http.StatusRequestEntityTooLarge:
		return "too large for the account: " + said + "; see the account's plan"
	case err.Status == http.StatusTooManyRequests:
		return "too many requests: " + said + "; wait a little, or lower --api-rate, and run the same command again"
	case err.Status >= 500:
		return "the server has a problem: " + said + "; run the same command again later"
	}
	return "the server refused: " + said
}

// maybeGateway is said of an answer without an error code, which every error of the API
// has.
const maybeGateway = "the answer is not in the API's form, so it may come from a proxy or a gateway: "

// permissionAdvice is what to do about status 403.
func permissionAdvice(err *bytescale.APIError) string {
	switch {
	case err.Operation == "DownloadFile":
		return "check whether the file may be read, and check what the API key may do"
	case !err.FromService:
		return maybeGateway + "check what that permits"
	}
	return "check what the API key may do (to overwrite, delete or see details takes a secret one), or use another name"
}

// storageExplanation explains an answer to the PUT of a part. Neither the API key nor the
// account has a part in it: the URL of a part is all that storage asks for.
func storageExplanation(status int, said string) string {
	switch {
	case status >= 300 && status < 400:
		return "something on the way to storage redirected a part: " + said + "; check for a login page or a proxy"
	case status == http.StatusRequestEntityTooLarge:
		return "storage, or a proxy on the way to it, refused a part as too large: " + said + "; check the proxy's limit on the size of requests"
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return "storage has a problem: " + said + "; run the same command again later"
	}
	return "storage, or a proxy on the way to it, refused a part: " + said + "; run the same command again, and check what the proxy permits"
}

// networkExplanation explains an error of the connection to a server. address is the
// flag with the server's address.
func networkExplanation(err error, address string) (string, bool) {
	server := "the server"
	var request *url.Error
	if errors.As(err, &request) {
		if parsed, parseErr := url.Parse(request.URL); parseErr == nil && parsed.Host != "" {
			server = parsed.Host
		}
	}
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var operation *net.OpError
	switch {
	case errors.As(err, &name):
		return fmt.Sprintf("cannot find %s; check the network and %s", name.Name, address), true
	case errors.As(err, &certificate):
		return fmt.Sprintf("cannot trust %s (%v); check %s and the machine's clock and certificates", server, certificate.Err, address), true
	case errors.As(err, &operation):
		return fmt.Sprintf("cannot reach %s (%v); check the network and %s, then run the same command again", server, operation.Err, address), true
	case errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Sprintf("%s does not speak HTTPS; check %s", server, address), true
	case request != nil:
		return fmt.Sprintf("the connection to %s broke (%v); run the same command again", server, request.Err), true
	}
	return "", false
}

// fileExplanation explains an error about a file on this machine.
func fileExplanation(err error) string {
	switch {
	case isDiskFull(err):
		return fmt.Sprintf("the disk is full (%s); free some space", reason(err))
	case errors.Is(err, fs.ErrNotExist):
		return "no such file or directory; check the name"
	case errors.Is(err, osfile.ErrNotRegular):
		return errNotRegular.Error()
	case errors.Is(err, osfile.ErrReplaced), errors.Is(err, osfile.ErrOvertaken):
		return reason(err) + "; run the same command again"
	case errors.Is(err, osfile.ErrNotPrivate):
		return reason(err) + "; set XDG_STATE_HOME to a directory of your own"
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("permission denied (%s); check who may use it", reason(err))
	}
	return reason(err)
}

// reason returns the text of err without the name of the file, which the line begins
// with, and without the technical details of the upload.
func reason(err error) string {
	var upload *bytescale.UploadError
	if errors.As(err, &upload) && upload.Err != nil {
		err = upload.Err
	}
	var file *fs.PathError
	if errors.As(err, &file) {
		return file.Op + ": " + file.Err.Error()
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Op + ": " + link.Err.Error()
	}
	return err.Error()
}

// keyReason returns what is wrong with an API key, without the key.
func keyReason(err error) string {
	var argument *bytescale.ArgumentError
	if errors.As(err, &argument) {
		return "it " + argument.Reason
	}
	return reason(err)
}

// briefly explains an error without advice, for a line about a transient failure.
func briefly(err error) string {
	text, _, _ := strings.Cut(explain(err), "; ")
	return text
}
