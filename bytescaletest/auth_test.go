package bytescaletest_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"net/http"
	"testing"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/token"
)

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func jwt(payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(payload)) + "." + encode([]byte("signature"))
}

func TestAuthentication(t *testing.T) {
	const key, public = "secret_A623uY2secretKey", "public_A623uY2publicKey"
	grantFor := func(path, scope string) string {
		return jwt(`{"accountId":"A623uY2","exp":99999999999,"iat":1,"sub":"u","access":{"pathPermissions":[{"match":{"path":"` + path +
			`","scope":"` + scope + `"},"permissions":{"read":{"file":{"getFileDetails":true}}}}]}}`)
	}
	grant := grantFor("/", "Children")
	cases := []struct {
		name                 string
		authorization, token string
		status               int
		code                 string
	}{
		{"bearer", "Bearer " + key, "", 404, "file_not_found"},
		{"any case", "bearer " + key, "", 404, "file_not_found"},
		{"basic", basic("apikey", key), "", 404, "file_not_found"},
		{"bearer and token", "Bearer " + key, "opaque", 404, "file_not_found"},
		{"basic and JWT", basic("apikey", key), jwt(`{}`), 404, "file_not_found"},
		{"JWT alone", "Bearer " + grant, "", 404, "file_not_found"},
		{"JWT alone without the permission", "Bearer " + jwt(`{"accountId":"A623uY2"}`), "", 403, "permission_denied"},
		{"public key", "Bearer " + public, "", 403, "permission_denied"},
		{"public key and JWT that grants", "Bearer " + public, grant, 404, "file_not_found"},
		{"public key and JWT for the file", "Bearer " + public, grantFor("/x", "This"), 404, "file_not_found"},
		{"public key and JWT for another scope", "Bearer " + public, grantFor("/", "Grandchildren+"), 403, "permission_denied"},
		{"public key and JWT for another path", "Bearer " + public, grantFor("/y", "Children"), 403, "permission_denied"},
		{"other account", "Bearer secret_B623uY2secretKey", "", 403, "account_mismatch"},
		{"JWT of another account", "Bearer " + jwt(`{"accountId":"B623uY2"}`), "", 403, "account_mismatch"},
		{"key and JWT of another account", "Bearer " + key, jwt(`{"accountId":"B623uY2"}`), 403, "account_mismatch"},
		{"expired JWT", "Bearer " + key, jwt(`{"exp":1}`), 401, "authentication_token_expired"},
		{"expired JWT alone", "Bearer " + jwt(`{"accountId":"A623uY2","exp":1}`), "", 401, "authentication_token_expired"},
		{"JWT alone without account", "Bearer " + jwt(`{}`), "", 401, "authentication_failed_credentials_denied"},
		{"malformed key", "Bearer secret-A623uY2", "", 401, "authentication_failed_credentials_denied"},
		{"short key", "Bearer secret_A623uY", "", 401, "authentication_failed_credentials_denied"},
		{"other user", basic("user", key), "", 401, "credentials_missing"},
		{"not base64", "Basic !", "", 401, "credentials_missing"},
		{"other scheme", "Digest " + key, "", 401, "credentials_missing"},
		{"nothing", "", "", 401, "credentials_missing"},
		{"token alone", "", "opaque", 401, "credentials_missing"},
	}
	srv := bytescaletest.NewServer(t, bytescaletest.WithLenient())
	s := newSession(t, srv)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL()+"/v2/accounts/A623uY2/files/details?filePath=%2Fx", nil)
			if c.authorization != "" {
				r.Header.Set("Authorization", c.authorization)
			}
			if c.token != "" {
				r.Header.Set("Authorization-Token", c.token)
			}
			if got := s.do(r, err); got.status != c.status || got.code() != c.code {
				t.Errorf("got %v, want %d %s", got, c.status, c.code)
			}
		})
	}
	t.Run("listed keys", func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithKeys(key, public))
		s := newSession(t, srv)
		if srv.Key() != key {
			t.Error("the key is not the first of the list")
		}
		for credential, status := range map[string]int{key: 200, public: 200, "secret_A623uY2other": 401, grant: 401} {
			s.key = credential
			if got := s.begin("x"); got.status != status {
				t.Errorf("%.10s: got %v, want %d", credential, got, status)
			}
		}
	})
}

// A token of the application's own signer grants what it says, and only with the key
// that the server knows.
func TestWithJWTKeys(t *testing.T) {
	known, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	unknown, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	srv := bytescaletest.NewServer(t, bytescaletest.WithKeys("public_A623uY2page"), bytescaletest.WithJWTKeys(&known.PublicKey))
	for key, status := range map[*rsa.PrivateKey]int{known: http.StatusNotFound, unknown: http.StatusForbidden} {
		signer, err := token.NewSigner(srv.AccountID(), key)
		if err != nil {
			t.Fatal(err)
		}
		client := srv.Client(bytescale.WithJWT(signer.Source(token.Claims{Subject: "anna", Grants: token.Tree(token.Grant{Path: "/", GetFileDetails: true})})))
		var refused *bytescale.APIError
		if _, err := client.GetFileDetails(t.Context(), "/none"); !errors.As(err, &refused) || refused.Status != status {
			t.Errorf("%v, want status %d", err, status)
		}
	}
}
