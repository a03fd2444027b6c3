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

// accepted are all forms that the service takes for every operation.
var accepted = []credentials{
	bearer,
	{"basic", basic("apikey", key), ""},
	{"bearer and token", "Bearer " + key, "an-access-token"},
	{"basic and token", basic("apikey", key), "an-access-token"},
}

// anonymous is accepted for downloads only.
var anonymous = credentials{name: "none"}

// refused are forms that the service takes for no operation. Downloads ignore none of them either: who sends a
// credential means it.
var refused = []credentials{
	{"another scheme", "Digest " + key, ""},
	{"no scheme", key, ""},
	{"an empty bearer", "Bearer ", ""},
	{"another user", basic("user", key), ""},
	{"no password", basic("apikey", ""), ""},
	{"a token alone", "", "an-access-token"},
}

// checkRefusedCredentials sends every operation without usable credentials. The validator must see it, and the service
// must answer with its documented 401.
func checkRefusedCredentials(w *world) {
	for _, op := range operations {
		forms := refused
		if op.id != "DownloadFile" {
			forms = append([]credentials{anonymous}, forms...)
		}
		for _, form := range forms {
			r := op.request(w)
			form.set(r.Header)
			w.refusedWith(r, op.id+" with "+form.name, http.StatusUnauthorized)
		}
	}
}
