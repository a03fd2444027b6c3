package token

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// everything has a value for every claim and every permission.
var everything = Claims{
	Subject:        "user-42",
	AccountID:      account,
	APIKeyID:       "F91kfA1g",
	AllowedOrigins: []string{"https://example.com", "http://localhost:3000", "http://[::1]:8080"},
	Grants: []Grant{{
		Path: "/users/42", Scope: Grandchildren,
		DownloadFile: []string{"raw", "thumbnail-*", "*"}, GetFileDetails: true,
		CreateFile: true, OverwriteFile: true, DeleteFile: true,
		ListFolderChildren: true, GetFolderDescription: true, GetFolderPublicPermissions: true, GetFolderStorageLayer: true,
		CreateVirtualFolder: true, DeleteVirtualFolder: true,
		SetFolderDescription: true, SetFolderPublicPermissions: true, SetFolderStorageLayer: true,
	}, {
		Path: "/", Scope: This, ListFolderChildren: true,
	}},
	WriteTags: []string{"*", "a/b=c_1"},
	IssuedAt:  time.Unix(1_700_000_000, 0).UTC(),
	Expires:   time.Unix(1_700_003_600, 0).UTC(),
}

// The payload has the members of the vendor's BytescaleJwt, and no others.
func TestPayload(t *testing.T) {
	for _, test := range []struct {
		name   string
		claims Claims
		want   string
	}{
		{"everything", everything, `{"exp":1700003600,"iat":1700000000,"sub":"user-42","accountId":"A623uY2","apiKeyId":"F91kfA1g",
			"allowedOrigins":["https://example.com","http://localhost:3000","http://[::1]:8080"],
			"access":{"pathPermissions":[
				{"match":{"path":"/users/42","scope":"Grandchildren+"},"permissions":{
					"read":{"file":{"downloadFile":["raw","thumbnail-*","*"],"getFileDetails":true},
						"folder":{"getFolderDescription":true,"getFolderPublicPermissions":true,"getFolderStorageLayer":true,"listFolderChildren":true}},
					"write":{"file":{"createFile":true,"deleteFile":true,"overwriteFile":true},
						"folder":{"createVirtualFolder":true,"deleteVirtualFolder":true,"setFolderDescription":true,"setFolderPublicPermissions":true,"setFolderStorageLayer":true}}}},
				{"match":{"path":"/","scope":"This"},"permissions":{"read":{"folder":{"listFolderChildren":true}}}}],
			"tagPermissions":{"write":["*","a/b=c_1"]}}}`},
		{"least", Claims{Subject: "u", AccountID: account, IssuedAt: everything.IssuedAt, Expires: everything.Expires},
			`{"exp":1700003600,"iat":1700000000,"sub":"u","accountId":"A623uY2"}`},
		{"tags alone", Claims{Subject: "u", AccountID: account, IssuedAt: everything.IssuedAt, Expires: everything.Expires, WriteTags: []string{"t"}},
			`{"exp":1700003600,"iat":1700000000,"sub":"u","accountId":"A623uY2","access":{"tagPermissions":{"write":["t"]}}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			signed, err := newSigner(t).Sign(test.claims)
			if err != nil {
				t.Fatal(err)
			}
			parts := strings.Split(signed, ".")
			payload, err := base64.RawURLEncoding.DecodeString(parts[1])
			if err != nil {
				t.Fatal(err)
			}
			var want bytes.Buffer
			if err := json.Compact(&want, []byte(test.want)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.String(), string(payload)); diff != "" {
				t.Error(diff)
			}
			if header, _ := base64.RawURLEncoding.DecodeString(parts[0]); string(header) != `{"alg":"RS256","typ":"JWT"}` {
				t.Errorf("header %s", header)
			}
			claims, err := Verify(signed, everything.IssuedAt, &testKey().PublicKey)
			if diff := cmp.Diff(test.claims, claims); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

// Each permission alone is one member of the payload, and comes back as itself.
func TestEachPermission(t *testing.T) {
	for place, names := range map[string][]string{
		"read.file":    {"GetFileDetails"},
		"read.folder":  {"ListFolderChildren", "GetFolderDescription", "GetFolderPublicPermissions", "GetFolderStorageLayer"},
		"write.file":   {"CreateFile", "OverwriteFile", "DeleteFile"},
		"write.folder": {"CreateVirtualFolder", "DeleteVirtualFolder", "SetFolderDescription", "SetFolderPublicPermissions", "SetFolderStorageLayer"},
	} {
		for _, name := range names {
			grant := Grant{Path: "/a", Scope: This}
			reflect.ValueOf(&grant).Elem().FieldByName(name).SetBool(true)
			encoded, err := json.Marshal(Claims{Grants: []Grant{grant}, IssuedAt: everything.IssuedAt, Expires: everything.Expires})
			if err != nil {
				t.Fatal(err)
			}
			action, object, _ := strings.Cut(place, ".")
			member := strings.ToLower(name[:1]) + name[1:]
			want := fmt.Sprintf(`"permissions":{%q:{%q:{%q:true}}}`, action, object, member)
			var back Claims
			if err := json.Unmarshal(encoded, &back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Grant{grant}, back.Grants); diff != "" || !strings.Contains(string(encoded), want) {
				t.Errorf("%s: %s has not %s\n%s", name, encoded, want, diff)
			}
		}
	}
	flags := 0
	for field := range reflect.TypeFor[Grant]().NumField() {
		if reflect.TypeFor[Grant]().Field(field).Type.Kind() == reflect.Bool {
			flags++
		}
	}
	if flags != 13 {
		t.Errorf("Grant has %d flags; 13 are tested", flags)
	}
}

func TestSignFillsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1500 * time.Millisecond) // not a whole second
		now := time.Now()
		for _, test := range []struct {
			opts            []Option
			claims          Claims
			issued, expires time.Time
		}{
			{nil, Claims{}, now, now.Add(time.Hour)},
			{[]Option{WithLifetime(time.Minute), nil}, Claims{}, now, now.Add(time.Minute)},
			{nil, Claims{Expires: now.Add(5 * time.Second)}, now, now.Add(5 * time.Second)},
			{nil, Claims{IssuedAt: now.Add(-time.Minute)}, now.Add(-time.Minute), now.Add(59 * time.Minute)},
		} {
			test.claims.Subject = "u"
			signed, err := newSigner(t, test.opts...).Sign(test.claims)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Verify(signed, now, &testKey().PublicKey)
			if err != nil || got.AccountID != account || got.IssuedAt.Unix() != test.issued.Unix() || got.Expires.Unix() != test.expires.Unix() {
				t.Errorf("%+v, %v; want iat %v, exp %v", got, err, test.issued, test.expires)
			}
		}
	})
}

func TestTree(t *testing.T) {
	got := Tree(Grant{Path: "/a", CreateFile: true})
	want := []Grant{{Path: "/a", Scope: Children, CreateFile: true}, {Path: "/a", Scope: Grandchildren, CreateFile: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestClaimsRefused(t *testing.T) {
	signer := newSigner(t)
	grant := Grant{Path: "/a", Scope: This, CreateFile: true}
	const match, downloads = "access.pathPermissions[1].match", "access.pathPermissions[1].permissions.read.file.downloadFile"
	for _, test := range []struct {
		name, field string
		change      func(*Claims, *Grant)
	}{
		{"no subject", "sub", func(c *Claims, _ *Grant) { c.Subject = "" }},
		{"subject not UTF-8", "sub", func(c *Claims, _ *Grant) { c.Subject = "\xff" }},
		{"another account", "accountId", func(c *Claims, _ *Grant) { c.AccountID = "W142hJk" }},
		{"API key instead of its id", "apiKeyId", func(c *Claims, _ *Grant) { c.APIKeyID = "secret A623uY2xyz" }},
		{"long id of an API key", "apiKeyId", func(c *Claims, _ *Grant) { c.APIKeyID = strings.Repeat("x", 65) }},
		{"before 1970", "iat", func(c *Claims, _ *Grant) { c.IssuedAt = time.Unix(-1, 0) }},
		{"expired at once", "exp", func(c *Claims, _ *Grant) { c.IssuedAt = c.Expires }},
		{"expires within the second", "exp", func(c *Claims, _ *Grant) { c.IssuedAt, c.Expires = c.Expires, c.Expires.Add(999*time.Millisecond) }},
		{"expired long ago", "exp", func(c *Claims, _ *Grant) { c.Expires = time.Unix(1, 0) }},
		{"origin with a slash", "allowedOrigins[1]", origin("https://example.com/")},
		{"origin with a path", "allowedOrigins[1]", origin("https://example.com/a")},
		{"origin without a scheme", "allowedOrigins[1]", origin("example.com")},
		{"origin in capitals", "allowedOrigins[1]", origin("https://Example.com")},
		{"origin with a user", "allowedOrigins[1]", origin("https://u@example.com")},
		{"empty origin", "allowedOrigins[1]", origin("")},
		{"origin is a star", "allowedOrigins[1]", origin("*")},
		{"path without a slash", match + ".path", func(_ *Claims, g *Grant) { g.Path = "a" }},
		{"no path", match + ".path", func(_ *Claims, g *Grant) { g.Path = "" }},
		{"path with a slash at the end", match + ".path", func(_ *Claims, g *Grant) { g.Path = "/a/" }},
		{"path with dots", match + ".path", func(_ *Claims, g *Grant) { g.Path = "/a/../b" }},
		{"path with a dot", match + ".path", func(_ *Claims, g *Grant) { g.Path = "/." }},
		{"path not UTF-8", match + ".path", func(_ *Claims, g *Grant) { g.Path = "/\xff" }},
		{"no scope", match + ".scope", func(_ *Claims, g *Grant) { g.Scope = "" }},
		{"scope in lower case", match + ".scope", func(_ *Claims, g *Grant) { g.Scope = "children" }},
		{"form with a slash", downloads + "[0]", func(_ *Claims, g *Grant) { g.DownloadFile = []string{"a/b"} }},
		{"empty form", downloads + "[1]", func(_ *Claims, g *Grant) { g.DownloadFile = []string{"raw", ""} }},
		{"star in the middle", downloads + "[0]", func(_ *Claims, g *Grant) { g.DownloadFile = []string{"a*b"} }},
		{"long form", downloads + "[0]", func(_ *Claims, g *Grant) { g.DownloadFile = []string{strings.Repeat("x", 101)} }},
		{"nothing granted", "access.pathPermissions[1].permissions", func(_ *Claims, g *Grant) { g.CreateFile = false }},
		{"nothing granted, no forms", "access.pathPermissions[1].permissions", func(_ *Claims, g *Grant) { g.CreateFile, g.DownloadFile = false, []string{} }},
		{"empty tag", "access.tagPermissions.write[0]", func(c *Claims, _ *Grant) { c.WriteTags = []string{""} }},
		{"tag with a space", "access.tagPermissions.write[1]", func(c *Claims, _ *Grant) { c.WriteTags = []string{"*", "a b"} }},
		{"long tag", "access.tagPermissions.write[0]", func(c *Claims, _ *Grant) { c.WriteTags = []string{strings.Repeat("x", 256)} }},
	} {
		claims, changed := everything, grant
		test.change(&claims, &changed)
		claims.Grants = []Grant{grant, changed}
		_, err := signer.Sign(claims)
		wantArgument(t, test.name, test.field, err)
	}
	claims := everything
	claims.Grants = []Grant{grant, grant}
	if _, err := signer.Sign(claims); err != nil {
		t.Errorf("unchanged: %v", err)
	}
}

func origin(text string) func(*Claims, *Grant) {
	return func(c *Claims, _ *Grant) { c.AllowedOrigins = []string{"https://example.com", text} }
}

// keyService is a key of a key management service: it has no private half here, and
// it may be set up wrongly or be out of order.
type keyService struct {
	crypto.Signer
	sign func(digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

func (k keyService) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.sign(digest, opts)
}

func TestKeyService(t *testing.T) {
	errDown := errors.New("key service: unavailable")
	for _, test := range []struct {
		name string
		sign func([]byte, crypto.SignerOpts) ([]byte, error)
		want error
	}{
		{"good", func(digest []byte, opts crypto.SignerOpts) ([]byte, error) {
			return rsa.SignPKCS1v15(nil, testKey(), opts.HashFunc(), digest)
		}, nil},
		{"down", func([]byte, crypto.SignerOpts) ([]byte, error) { return nil, errDown }, errDown},
		{"set to PSS", func(digest []byte, opts crypto.SignerOpts) ([]byte, error) {
			return rsa.SignPSS(rand.Reader, testKey(), opts.HashFunc(), digest, nil)
		}, &ArgumentError{Field: "key", Reason: "does not sign by RSASSA-PKCS1-v1_5 with SHA-256, which RS256 is"}},
	} {
		signer, err := NewSigner(account, keyService{testKey(), test.sign})
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign(Claims{Subject: "u"})
		if (signed == "") != (test.want != nil) || !errors.Is(err, test.want) && (test.want == nil || err.Error() != test.want.Error()) {
			t.Errorf("%s: %q, %v; want %v", test.name, signed, err, test.want)
		}
	}
}

func TestNewSignerRefuses(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GODEBUG", "rsa1024min=0")
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, account string
		key           crypto.Signer
		opt           Option
		field         string
	}{
		{"no account", "", testKey(), nil, "accountId"},
		{"account not base58", "A623uY0", testKey(), nil, "accountId"},
		{"no key", account, nil, nil, "key"},
		{"ECDSA", account, curve, nil, "key"},
		{"Ed25519", account, edwards, nil, "key"},
		{"1024 bits", account, short, nil, "key"},
		{"lifetime", account, testKey(), WithLifetime(59 * time.Second), "lifetime"},
	} {
		_, err := NewSigner(test.account, test.key, test.opt)
		wantArgument(t, test.name, test.field, err)
	}
}

func TestSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signer := newSigner(t)
		source := signer.Source(Claims{Subject: "u"})
		for range 3 {
			signed, err := source(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			claims, err := Verify(signed, time.Now(), &testKey().PublicKey)
			if err != nil || claims.Expires.Unix() != time.Now().Add(time.Hour).Unix() {
				t.Errorf("%+v, %v", claims, err)
			}
			time.Sleep(90 * time.Minute)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := source(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}

		source = signer.Source(Claims{Subject: "u", Expires: time.Now().Add(time.Minute)})
		if _, err := source(t.Context()); err != nil {
			t.Errorf("before the end: %v", err)
		}
		time.Sleep(time.Minute)
		_, err := source(t.Context())
		wantArgument(t, "after the end", "exp", err)
	})
}

// No way of printing or encoding a signer shows the key.
func TestSignerShowsNoKey(t *testing.T) {
	signer := newSigner(t)
	holder := struct {
		Signer *Signer
		hidden Signer
	}{signer, *signer}
	var shown strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		fmt.Fprintf(&shown, verb+" "+verb+" "+verb+"\n", signer, *signer, holder)
	}
	encoded, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	shown.Write(encoded)
	slog.New(slog.NewTextHandler(&shown, nil)).Info("x", "signer", signer, "value", *signer)
	for _, secret := range []string{testKey().D.String(), testKey().Primes[0].String(), testKey().D.Text(16), testKey().Primes[0].Text(16)} {
		if strings.Contains(strings.ToLower(shown.String()), secret) {
			t.Errorf("the key is in\n%s", shown.String())
		}
	}
	if !strings.Contains(shown.String(), account) {
		t.Errorf("nothing was printed:\n%s", shown.String())
	}
}

func BenchmarkSign(b *testing.B) {
	signer := newSigner(b)
	for b.Loop() {
		if _, err := signer.Sign(Claims{Subject: "user-42", Grants: Tree(Grant{Path: "/users/42", CreateFile: true})}); err != nil {
			b.Fatal(err)
		}
	}
}
