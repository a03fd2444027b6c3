package suite

import (
	"encoding/base64"
	"net/http"
)

const publicKey = "public_A623uY2contractsuite"

// credentials are one way to fill the two credential headers. An empty value leaves the header out.
type credentials struct{ name, authorization, token string }

func (c credentials) set(h http.Header) {
	h.Del("Authorization")
	h.Del("Authorization-Token")
	if c.authorization != "" {
		h.Set("Authorization", c.authorization)
	}
	if c.token != "" {
		h.Set("Authorization-Token", c.token)
	}
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

var bearer = credentials{name: "bearer", authorization: "Bearer " + key}

// accepted are the forms that the service takes for every operation.
var accepted = []credentials{
	bearer,
	{name: "basic", authorization: basic("apikey", key)},
	{name: "bearer and token", authorization: "Bearer " + key, token: "an-access-token"},
	{name: "basic and token", authorization: basic("apikey", key), token: "an-access-token"},
}

// anonymous is accepted for the bytes of files only.
var anonymous = credentials{name: "none"}

// refused are forms that the service takes for no operation. Downloads ignore none of them either,
// because whoever sends a credential means it.
var refused = []credentials{
	{name: "another scheme", authorization: "Digest " + key},
	{name: "no scheme", authorization: key},
	{name: "an empty bearer", authorization: "Bearer "},
	{name: "another user", authorization: basic("user", key)},
	{name: "no password", authorization: basic("apikey", "")},
	{name: "a token alone", token: "an-access-token"},
}

// refusedCredentials sends every operation without usable credentials. The validator must see it, and
// the service must answer with its documented 401.
func refusedCredentials(h *harness) (steps []step) {
	for i := range operations {
		op := &operations[i]
		forms := refused
		if !op.public {
			forms = append([]credentials{anonymous}, forms...)
		}
		for _, form := range forms {
			steps = append(steps, step{op.id + " with " + form.name, func() error {
				r := op.request(h)
				form.set(r.Header)
				return h.wantRefused(r, http.StatusUnauthorized)
			}})
		}
	}
	return steps
}
