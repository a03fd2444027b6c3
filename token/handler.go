package token

import (
	"errors"
	"io"
	"net/http"
)

// What Authorize of a [Handler] returns to refuse a request, as it is or wrapped.
var (
	// ErrUnauthorized means that the application does not know who is asking. The
	// answer is 401.
	ErrUnauthorized = errors.New("not logged in")
	// ErrForbidden means that the application knows who is asking and gives them no
	// token. The answer is 403.
	ErrForbidden = errors.New("not allowed to have a token")
)

// Handler answers GET requests with a token. It is the address that a page passes
// as authUrl to AuthManager.beginAuthSession of the vendor's JavaScript SDK, which
// asks again before each token expires.
//
// The SDK is strict about the answer, and its failures are hard to see: the page
// runs on without a session, and downloads fail later. The handler keeps to what
// the SDK accepts: status 200, the content type text/plain, and the token alone,
// with no line break. Nothing keeps the answer (Cache-Control: no-store). Methods
// other than GET are answered with 405.
//
// Serve it from the origin of the page, so that the browser sends the cookies by
// which Authorize recognizes the user. Middleware that changes bodies or content
// types breaks it; compression does not.
type Handler struct {
	// Signer makes the tokens. It is required.
	Signer *Signer
	// Authorize decides who is asking and what the token grants. It is required. It
	// refuses with [ErrUnauthorized] (401) or [ErrForbidden] (403); any other error
	// is a failure (500). The texts of errors are not sent.
	Authorize func(*http.Request) (Claims, error)
	// OnError, if not nil, gets the errors that are answered with 500: a failure of
	// Authorize, of the key, or claims that make no sense. It is the place to log
	// them, because the answer says nothing about them.
	OnError func(*http.Request, error)
}

// ServeHTTP answers with a token, or with the status that says why not.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	headers := w.Header()
	headers.Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet {
		headers.Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed)
		return
	}
	token, err := h.token(r)
	switch {
	case err == nil:
		headers.Set("Content-Type", "text/plain")
		headers.Set("X-Content-Type-Options", "nosniff")
		_, _ = io.WriteString(w, token) // fails only if the client has gone
	case errors.Is(err, ErrUnauthorized):
		refuse(w, http.StatusUnauthorized)
	case errors.Is(err, ErrForbidden):
		refuse(w, http.StatusForbidden)
	default:
		if h.OnError != nil {
			h.OnError(r, err)
		}
		refuse(w, http.StatusInternalServerError)
	}
}

func (h *Handler) token(r *http.Request) (string, error) {
	if h.Signer == nil || h.Authorize == nil {
		return "", errors.New("token.Handler needs a Signer and Authorize")
	}
	claims, err := h.Authorize(r)
	if err != nil {
		return "", err
	}
	return h.Signer.Sign(claims)
}

func refuse(w http.ResponseWriter, status int) { http.Error(w, http.StatusText(status), status) }
