package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"

	bytescale "github.com/c88edac7/bytescale-go"
)

// explain turns an error into one line that says what went wrong and, where
// something can be done about it, what.
func explain(err error) string {
	text := explanation(err)
	var upload *bytescale.UploadError
	if errors.As(err, &upload) && upload.MayExist {
		text += "; the file may be stored all the same: look before you upload it again"
	}
	return shown(text)
}

func explanation(err error) string {
	var api *bytescale.APIError
	var argument *bytescale.ArgumentError
	switch {
	case errors.Is(err, bytescale.ErrInvalidKey):
		return "the API key is malformed: " + keyReason(err) + "; copy the whole key from the dashboard"
	case errors.As(err, &argument):
		return reason(err)
	case errors.Is(err, bytescale.ErrSourceChanged):
		return "changed while it was uploaded, so nothing was stored; try again when nothing writes to it"
	case errors.Is(err, bytescale.ErrSourceSize):
		return "is shorter or longer than it said it was, so nothing was stored; try again when nothing writes to it"
	case errors.Is(err, bytescale.ErrStalled):
		return "the connection stood still for too long; run the same command again to continue"
	case errors.As(err, &api):
		return apiExplanation(api)
	case errors.Is(err, bytescale.ErrProtocol):
		return reason(err) + "; check that --api-url is the address of the service"
	case isDiskFull(err):
		return diskFull(err)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many open files; lower --files or --concurrency, or raise the limit (ulimit -n)"
	}
	if text, ok := networkExplanation(err); ok {
		return text
	}
	return fileExplanation(err)
}

// diskFull says which disk, as far as that is known.
func diskFull(err error) string {
	var file *fs.PathError
	switch {
	case !errors.As(err, &file):
		return fmt.Sprintf("the disk is full (%s); free some space", reason(err))
	case isTemporary(err):
		return fmt.Sprintf("the disk of %s is full (%s); free some space, or set TMPDIR to another disk", os.TempDir(), reason(err))
	}
	return fmt.Sprintf("the disk is full (%s: %s); free some space", file.Path, reason(err))
}

// isTemporary says whether err is about a temporary file, which nobody has named.
func isTemporary(err error) bool {
	var file *fs.PathError
	dir := filepath.Clean(os.TempDir())
	return errors.As(err, &file) && (file.Path == dir || filepath.Dir(file.Path) == dir)
}

// apiExplanation is about an answer of the service.
func apiExplanation(err *bytescale.APIError) string {
	said := err.Message
	if said == "" {
		said = http.StatusText(err.Status)
	}
	said = fmt.Sprintf("%s (%d)", strings.TrimSuffix(said, "."), err.Status)
	switch {
	case err.Status == http.StatusUnauthorized:
		return "the server refused the API key: " + said + "; check BYTESCALE_API_KEY"
	case err.Status == http.StatusPaymentRequired:
		return "the account does not allow it: " + said + "; see the account's plan"
	case err.Status == http.StatusForbidden:
		return "not permitted: " + said + "; a public key cannot overwrite, delete or read details: use a secret key or another name"
	case err.Status == http.StatusNotFound:
		return "not found on the server: " + said + "; check the path and the account"
	case err.Status == http.StatusConflict:
		return "exists already: " + said + "; use another --name or --folder, or remove the stored file first"
	case err.Status == http.StatusRequestEntityTooLarge:
		return "too large for the account: " + said + "; see the account's plan"
	case err.Status == http.StatusTooManyRequests:
		return "too many requests: " + said + "; wait a little, or lower --api-rate, and run the same command again"
	case err.Status >= 500:
		return "the server has a problem: " + said + "; run the same command again later"
	}
	return "the server refused: " + said
}

// networkExplanation is about a server that could not be talked to.
func networkExplanation(err error) (string, bool) {
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
		return fmt.Sprintf("cannot find %s; check the network and --api-url", name.Name), true
	case errors.As(err, &certificate):
		return fmt.Sprintf("cannot trust %s (%v); check --api-url and the machine's clock and certificates", server, certificate.Err), true
	case errors.As(err, &operation):
		return fmt.Sprintf("cannot reach %s (%v); check the network and --api-url, then run the same command again", server, operation.Err), true
	case request != nil:
		return fmt.Sprintf("the connection to %s broke (%v); run the same command again", server, request.Err), true
	}
	return "", false
}

// fileExplanation is about a file of this machine.
func fileExplanation(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist) && isTemporary(err):
		return fmt.Sprintf("the directory for temporary files, %s, does not exist; set TMPDIR to another", os.TempDir())
	case errors.Is(err, fs.ErrNotExist):
		return "no such file; check the name"
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("permission denied (%s); check who may use it", reason(err))
	}
	return reason(err)
}

// reason is the text of err without what the line says already: the name of the
// file, which stands before it, and the upload's technical details.
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

// keyReason is what is wrong with a key, without the key.
func keyReason(err error) string {
	var argument *bytescale.ArgumentError
	if errors.As(err, &argument) {
		return "it " + argument.Reason
	}
	return reason(err)
}

// briefly is what an error says, for a line about something that may pass.
func briefly(err error) string {
	text, _, _ := strings.Cut(explain(err), "; ")
	return text
}

// shown makes text safe to print on one line: file names and answers of a
// server may hold line breaks and codes that a terminal would act on.
func shown(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return '\uFFFD'
		}
		return r
	}, text)
}
