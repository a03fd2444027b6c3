package token_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/c88edac7/bytescale-go/token"
)

// newKey stands for a key from a file (ParsePrivateKey) or a key service.
func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		log.Fatal(err)
	}
	return key
}

// A token that lets a browser upload to one folder, for an hour.
func ExampleSigner_Sign() {
	key := newKey()
	signer, err := token.NewSigner("A623uY2", key)
	if err != nil {
		log.Fatal(err)
	}
	signed, err := signer.Sign(token.Claims{
		Subject: "user-42",
		Grants:  token.Tree(token.Grant{Path: "/users/42", CreateFile: true}),
	})
	if err != nil {
		log.Fatal(err)
	}
	claims, err := token.Verify(signed, time.Now(), &key.PublicKey)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.Subject, claims.AccountID, claims.Expires.Sub(claims.IssuedAt), claims.Grants[0].Scope, claims.Grants[1].Scope)
	// Output: user-42 A623uY2 1h0m0s Children Grandchildren+
}

// The address that a page passes to AuthManager.beginAuthSession as authUrl.
func ExampleHandler() {
	signer, err := token.NewSigner("A623uY2", newKey())
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("GET /bytescale-token", &token.Handler{
		Signer: signer,
		Authorize: func(r *http.Request) (token.Claims, error) {
			session, err := r.Cookie("session") // your own way to recognize the user
			if err != nil {
				return token.Claims{}, token.ErrUnauthorized
			}
			return token.Claims{
				Subject: session.Value,
				Grants:  token.Tree(token.Grant{Path: "/users/" + session.Value, DownloadFile: []string{"*"}, CreateFile: true}),
			}, nil
		},
		OnError: func(r *http.Request, err error) { log.Printf("%s: %v", r.URL.Path, err) },
	})

	srv := httptest.NewServer(http.DefaultServeMux)
	defer srv.Close()
	resp, err := http.Get(srv.URL + "/bytescale-token") // without a session
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d %s", resp.StatusCode, body)
	// Output: 401 Unauthorized
}

// A service without an API key: bytescale.NewClient("", bytescale.WithJWT(source),
// bytescale.WithAccountID("A623uY2")).
func ExampleSigner_Source() {
	key := newKey()
	signer, err := token.NewSigner("A623uY2", key, token.WithLifetime(15*time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	source := signer.Source(token.Claims{
		Subject: "nightly-report",
		Grants:  []token.Grant{{Path: "/reports", Scope: token.Children, CreateFile: true, OverwriteFile: true}},
	})

	signed, err := source(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	claims, err := token.Verify(signed, time.Now(), &key.PublicKey)
	fmt.Println(claims.Subject, claims.Expires.Sub(claims.IssuedAt), err)
	// Output: nightly-report 15m0s <nil>
}
