package fake

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/c88edac7/bytescale-go/token"
)

const (
	testSecret = "secret_A623uY2fakekey"
	testPublic = "public_A623uY2fakekey"
)

// rsaKey is a key for all tests, which do not change it.
func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := oneKey()
	must(t, err)
	return key
}

var oneKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newJWT(t *testing.T, key *rsa.PrivateKey, account string, expires time.Time) string {
	t.Helper()
	signer, err := token.NewSigner(account, key)
	must(t, err)
	text, err := signer.Sign(token.Claims{Subject: "anna", IssuedAt: expires.Add(-time.Hour), Expires: expires, Grants: token.Tree(token.Grant{
		Path: "/", GetFileDetails: true, OverwriteFile: true, DeleteFile: true,
	})})
	must(t, err)
	return text
}

// Anyone can write a JWT, and a public key stands in web pages. Once the accepted
// keys are listed, claims count only if a known key has signed them.
func TestClaimsMustBeSigned(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	soon := time.Now().Add(time.Hour)
	signed, foreign := newJWT(t, key, "A623uY2", soon), newJWT(t, other, "A623uY2", soon)
	segments := strings.Split(signed, ".")
	encode := base64.RawURLEncoding.EncodeToString
	forged := func(header string) string {
		return encode([]byte(header)) + "." + segments[1] + "." + segments[2]
	}
	const (
		missing = http.StatusNotFound // the permission is there and the file is not
		denied  = http.StatusForbidden
		unknown = http.StatusUnauthorized
	)
	for _, test := range []struct {
		name          string
		options       Options
		bearer, token string
		want          int
	}{
		{"no list: an unsigned JWT is believed", Options{}, testPublic, forged(`{"alg":"none"}`), missing},
		{"no list: an unsigned JWT alone is believed", Options{}, forged(`{"alg":"none"}`), "", missing},

		{"list without JWT keys", Options{Keys: []string{testPublic}}, testPublic, signed, denied},
		{"list without JWT keys, a JWT alone", Options{Keys: []string{testPublic}}, signed, "", unknown},
		{"list, signed", Options{Keys: []string{testPublic}, JWTKeys: []*rsa.PublicKey{&other.PublicKey, &key.PublicKey}}, testPublic, signed, missing},
		{"list, signed, alone", Options{Keys: []string{testPublic}, JWTKeys: []*rsa.PublicKey{&key.PublicKey}}, signed, "", missing},
		{"signed by another key", Options{Keys: []string{testPublic}, JWTKeys: []*rsa.PublicKey{&key.PublicKey}}, testPublic, foreign, denied},
		{"signed by another key, alone", Options{Keys: []string{testPublic}, JWTKeys: []*rsa.PublicKey{&key.PublicKey}}, foreign, "", unknown},
		{"no algorithm", Options{Keys: []string{testPublic}, JWTKeys: []*rsa.PublicKey{&key.PublicKey}}, testPublic, forged(`{"alg":"none"}`), denied},
		{"a shared secret", Options{Keys: []string{testPublic}, JWTKeys: []*rsa.PublicKey{&key.PublicKey}}, testPublic, forged(`{"alg":"HS256"}`), denied},
		{"JWT keys without a list", Options{JWTKeys: []*rsa.PublicKey{&key.PublicKey}}, testPublic, foreign, denied},
		{"a secret key beside an unsigned JWT", Options{Keys: []string{testSecret}}, testSecret, foreign, missing},

		{"signed and expired", Options{Keys: []string{testPublic}, JWTKeys: []*rsa.PublicKey{&key.PublicKey}}, testPublic, newJWT(t, key, "A623uY2", time.Now().Add(-time.Minute)), unknown},
		{"signed for another account", Options{Keys: []string{testPublic}, JWTKeys: []*rsa.PublicKey{&key.PublicKey}}, testPublic, newJWT(t, key, "B623uY2", soon), denied},
		{"signed for another account, alone", Options{Keys: []string{testPublic}, JWTKeys: []*rsa.PublicKey{&key.PublicKey}}, newJWT(t, key, "B623uY2", soon), "", denied},
	} {
		server, err := New(test.options)
		must(t, err)
		for _, call := range []struct{ method, path string }{
			{http.MethodGet, "/v2/accounts/A623uY2/files/details?filePath=%2Fnone"},
			{http.MethodDelete, "/v2/accounts/A623uY2/files?filePath=%2Fnone"},
		} {
			r := httptest.NewRequest(call.method, call.path, nil)
			r.Header.Set("Authorization", "Bearer "+test.bearer)
			if test.token != "" {
				r.Header.Set("Authorization-Token", test.token)
			}
			answer := httptest.NewRecorder()
			server.ServeHTTP(answer, r)
			if answer.Code != test.want {
				t.Errorf("%s: %s: %d, want %d: %s", test.name, call.method, answer.Code, test.want, answer.Body)
			}
		}
		must(t, server.Close())
	}
}
