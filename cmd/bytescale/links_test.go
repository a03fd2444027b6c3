package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c88edac7/bytescale-go/cdn"
	"github.com/c88edac7/bytescale-go/token"
)

// printed runs the command and returns the line that it prints.
func printed(t *testing.T, env map[string]string, args ...string) string {
	t.Helper()
	var out, errw bytes.Buffer
	code := run(t.Context(), args, func(name string) string { return env[name] }, strings.NewReader(""), &out, &errw)
	if code != exitOK || errw.Len() > 0 {
		t.Fatalf("%v: exit code %d, %s", args, code, &errw)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

func TestSignedURL(t *testing.T) {
	const secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	key, err := cdn.NewKey("BMCyGyFk", secret)
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"BYTESCALE_API_KEY": "public_A623uY2x", keyIDVariable: "BMCyGyFk", urlKeyVariable: secret}
	for _, test := range []struct {
		expires       string
		before, after time.Duration
		afterwards    error
	}{
		{"", time.Hour - time.Minute, time.Hour, cdn.ErrExpired},
		{"10m", 9 * time.Minute, 10 * time.Minute, cdn.ErrExpired},
		{"never", 0, 100 * 365 * 24 * time.Hour, nil},
	} {
		args := []string{"url", "--sign", "/a (1)!.jpg"}
		if test.expires != "" {
			args = append(args, "--expires", test.expires)
		}
		address := printed(t, env, args...)
		now := time.Now()
		if id, err := cdn.Verify(address, now.Add(test.before), key); id != "BMCyGyFk" || err != nil {
			t.Errorf("%s: %q, %v", address, id, err)
		}
		if _, err := cdn.Verify(address, now.Add(test.after), key); err != test.afterwards {
			t.Errorf("%s: %v, want %v", address, err, test.afterwards)
		}
	}
}

// The emulator checks what the command signs, with the same key in the environment.
func TestEmulatorChecksSignatures(t *testing.T) {
	t.Parallel()
	variables := map[string]string{keyIDVariable: "BMCyGyFk", urlKeyVariable: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
	emulator := runEmulatorIn(t, func(name string) string { return variables[name] })
	header := http.Header{"Authorization": {"Bearer " + emulatorKey}, "Content-Type": {"application/json"}}
	account := emulator.url + "/v2/accounts/A623uY2"
	private := `{"folderPath":"/p","folderSettings":{"publicPermissions":{"set":true,"value":[]}}}`
	if response, answer := request(t, http.MethodPut, account+"/folders", header, private); response.StatusCode != http.StatusOK {
		t.Fatal(answer)
	}
	header.Set("Content-Type", "text/plain")
	if response, answer := request(t, http.MethodPost, account+"/uploads/binary?filePath=/p/a", header, "private"); response.StatusCode != http.StatusOK {
		t.Fatal(answer)
	}
	variables["BYTESCALE_API_KEY"] = emulatorKey
	plain := printed(t, variables, "url", "--cdn-url", emulator.url, "/p/a")
	signed := printed(t, variables, "url", "--cdn-url", emulator.url, "--sign", "/p/a")
	for address, want := range map[string]int{plain: 403, signed: 200, signed + "x": 403} {
		if response, answer := request(t, http.MethodGet, address, http.Header{}, ""); response.StatusCode != want || (want == 200) != (answer == "private") {
			t.Errorf("%s: %d %s", address, response.StatusCode, answer)
		}
	}
}

// The permission of each name is the one of that name in the token.
func TestToken(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"BYTESCALE_API_KEY": "public_A623uY2x", "BYTESCALE_JWT_KEY": path}
	if len(permissionNames) != 14 {
		t.Errorf("%d permissions, want 14", len(permissionNames))
	}
	for _, name := range permissionNames {
		signed := printed(t, env, "token", "--allow", name)
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(signed, ".")[1])
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf(`{%q:true}`, name)
		if name == "downloadFile" {
			want = `{"downloadFile":["*"]}`
		}
		if strings.Count(string(payload), want) != 3 {
			t.Errorf("%s: %s has no %s", name, payload, want)
		}
	}

	signed := printed(t, env, "token", "--subject", "anna", "--path", "/users/anna", "--allow", "createFile,downloadFile", "--allow", "deleteFile",
		"--tag", "a", "--tag", "b", "--origin", "https://example.com", "--lifetime", "5m", "--account-id", "W142hJk")
	claims, err := token.Verify(signed, time.Now(), &key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if left := claims.Expires.Sub(claims.IssuedAt); left != 5*time.Minute {
		t.Errorf("works for %v", left)
	}
	claims.IssuedAt, claims.Expires = time.Time{}, time.Time{}
	want := token.Claims{Subject: "anna", AccountID: "W142hJk", AllowedOrigins: []string{"https://example.com"}, WriteTags: []string{"a", "b"}}
	for _, scope := range []token.Scope{token.Children, token.Grandchildren, token.This} {
		want.Grants = append(want.Grants, token.Grant{Path: "/users/anna", Scope: scope, DownloadFile: []string{"*"}, CreateFile: true, DeleteFile: true})
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Error(diff)
	}
}
