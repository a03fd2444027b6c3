package fake

import (
	"bytes"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/cdn"
	"github.com/c88edac7/bytescale-go/token"
)

func urlKey(t *testing.T, id string, fill byte) cdn.Key {
	t.Helper()
	key, err := cdn.NewKey(id, base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, 32)))
	must(t, err)
	return key
}

// origin is the address under which httptest requests reach a server.
const origin = "http://example.com"

// A private file is served to whoever has a signed URL, and no file is served with
// a wrong one.
func TestSignedURLs(t *testing.T) {
	t.Parallel()
	key, other := urlKey(t, "BMCyGyFk", 1), urlKey(t, "F91kfA1g", 2)
	server := permissionServer(t, Options{URLKeys: []cdn.Key{key}})
	if answer := ask(server, "POST", "/v2/accounts/A623uY2/uploads/binary?filePath=/open", "open", "Authorization", "Bearer "+testSecret); answer.Code != 200 {
		t.Fatal(answer.Body)
	}
	sign := func(key cdn.Key, path string, left time.Duration) string {
		t.Helper()
		signed, err := key.Sign(origin+path, time.Now().Add(left))
		must(t, err)
		return strings.TrimPrefix(signed, origin)
	}
	forever, err := key.SignForever(origin + "/A623uY2/raw/f/a")
	must(t, err)
	good, open := sign(key, "/A623uY2/raw/f/a", time.Hour), sign(key, "/A623uY2/raw/open", time.Hour)
	replaced := func(text, old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("%s has no %s", text, old)
		}
		return strings.Replace(text, old, new, 1)
	}
	elsewhere, err := key.Sign("http://example.org/A623uY2/raw/f/a", time.Now().Add(time.Hour))
	must(t, err)

	refused, served := 0, 0
	for _, test := range []struct {
		name, path string
		want       int
		code       string
	}{
		{"signed", good, 200, ""},
		{"signed for ever", strings.TrimPrefix(forever, origin), 200, ""},
		{"signed, transformed", sign(key, "/A623uY2/image/f/a?w=1", time.Hour), 200, ""},
		{"signed, another file by its parameter", sign(key, "/A623uY2/raw/none?path=%2Ff%2Fg%2Fb", time.Hour), 200, ""},
		{"signed, no such file", sign(key, "/A623uY2/raw/f/none", time.Hour), 404, "file_not_found"},
		{"signed, public", open, 200, ""},
		{"public", "/A623uY2/raw/open", 200, ""},
		{"public, with an expiry alone", "/A623uY2/raw/open?exp=1", 200, ""},

		{"private", "/A623uY2/raw/f/a", 403, "permission_denied"},
		{"private and missing", "/A623uY2/raw/f/none", 403, "permission_denied"},
		{"expiry alone", "/A623uY2/raw/f/a?exp=inf", 403, "permission_denied"},
		{"expired", sign(key, "/A623uY2/raw/f/a", -time.Second), 403, "url_expired"},
		{"public, expired", sign(key, "/A623uY2/raw/open", -time.Second), 403, "url_expired"},
		{"unknown key", sign(other, "/A623uY2/raw/f/a", time.Hour), 403, "url_signature_invalid"},
		{"another version", replaced(good, "sig=1.", "sig=2."), 403, "url_signature_invalid"},
		{"padded", good + "=", 403, "url_signature_invalid"},
		{"cut", good[:len(good)-1], 403, "url_signature_invalid"},
		{"a second signature", good + "&sig=" + good[strings.Index(good, "sig=")+4:], 403, "url_signature_invalid"},
		{"something behind it", good + "&meta-x=1", 403, "url_signature_invalid"},
		{"without expiry", good[:strings.Index(good, "?")] + "?" + good[strings.Index(good, "sig="):], 403, "url_signature_invalid"},
		{"another file", replaced(good, "/f/a", "/f/g/b"), 403, "url_signature_invalid"},
		{"another form", replaced(good, "/raw/", "/image/"), 403, "url_signature_invalid"},
		{"longer life", replaced(good, "exp=", "exp=9"), 403, "url_signature_invalid"},
		{"a parameter more", replaced(good, "?", "?download=true&"), 403, "url_signature_invalid"},
		{"another host", strings.TrimPrefix(elsewhere, "http://example.org"), 403, "url_signature_invalid"},
		{"public, another file", replaced(open, "/open", "/f/a"), 403, "url_signature_invalid"},
		{"public, nonsense", "/A623uY2/raw/open?exp=inf&sig=1", 403, "url_signature_invalid"},
	} {
		answer := ask(server, "GET", test.path, "")
		var body struct{ Error struct{ Code string } }
		_ = json.Unmarshal(answer.Body.Bytes(), &body)
		if answer.Code != test.want || body.Error.Code != test.code {
			t.Errorf("%s: %d %s, want %d %s", test.name, answer.Code, answer.Body, test.want, test.code)
		}
		if test.want == 200 {
			served++
		} else {
			refused++
		}
	}
	t.Logf("%d served, %d refused", served, refused)

	// A signature is not a way to write.
	answer := ask(server, "POST", sign(key, "/A623uY2/save/image/f/a", time.Hour), `{"destination":"/c"}`, "Authorization", "Bearer "+newTokenFor(t))
	if answer.Code != http.StatusForbidden {
		t.Errorf("saving with a signed URL: %d %s", answer.Code, answer.Body)
	}
	// Without keys there is nothing to check by.
	server = permissionServer(t, Options{})
	if answer := ask(server, "GET", good, ""); answer.Code != http.StatusForbidden {
		t.Errorf("private, keys not known: %d %s", answer.Code, answer.Body)
	}
}

// newTokenFor is a token that grants nothing.
func newTokenFor(t *testing.T, change ...func(*token.Claims)) string {
	t.Helper()
	signer, err := token.NewSigner("A623uY2", rsaKey(t))
	must(t, err)
	claims := token.Claims{Subject: "u"}
	for _, c := range change {
		c(&claims)
	}
	jwt, err := signer.Sign(claims)
	must(t, err)
	return jwt
}

func mayReadF(c *token.Claims) {
	c.Grants = token.Tree(token.Grant{Path: "/f", DownloadFile: []string{"raw"}})
}

// register registers a JWT as the JavaScript SDK does.
func register(server *Server, jwt, query string, fields ...string) (status int, token string, ttl float64, cookie *http.Cookie) {
	body, _ := json.Marshal(map[string]string{"accessToken": jwt})
	answer := ask(server, "PUT", "/api/v1/access_tokens/A623uY2"+query, string(body), fields...)
	var decoded struct {
		AccessToken string
		TTLSeconds  float64 `json:"ttlSeconds"`
	}
	_ = json.Unmarshal(answer.Body.Bytes(), &decoded)
	if cookies := answer.Result().Cookies(); len(cookies) == 1 {
		cookie = cookies[0]
	}
	return answer.Code, decoded.AccessToken, decoded.TTLSeconds, cookie
}

// A browser opens a session, reads private files by its cookie, and ends it.
func TestSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := permissionServer(t, Options{JWTKeys: []*rsa.PublicKey{&rsaKey(t).PublicKey}})
		jwt := newTokenFor(t, mayReadF)
		status, access, ttl, cookie := register(server, jwt, "?set-cookie=true")
		if status != 200 || access == "" || ttl < 3599 || ttl > 3600 || cookie == nil {
			t.Fatalf("%d %q %v %v", status, access, ttl, cookie)
		}
		if cookie.Path != "/A623uY2/" || !cookie.HttpOnly || cookie.MaxAge != int(ttl) || cookie.Secure || cookie.SameSite != http.SameSiteLaxMode {
			t.Errorf("cookie %+v", cookie)
		}
		sent := cookie.Name + "=" + cookie.Value
		get := func(path string, fields ...string) int { return ask(server, "GET", path, "", fields...).Code }
		for _, test := range []struct {
			name string
			got  int
			want int
		}{
			{"with the cookie", get("/A623uY2/raw/f/a", "Cookie", sent), 200},
			{"in a deeper folder", get("/A623uY2/raw/f/g/b", "Cookie", sent), 200},
			{"in another form", get("/A623uY2/image/f/a", "Cookie", sent), 403},
			{"without", get("/A623uY2/raw/f/a"), 403},
			{"with another cookie", get("/A623uY2/raw/f/a", "Cookie", cookie.Name+"=x"), 403},
			{"with the token as a service worker sends it", get("/A623uY2/raw/f/a", "Authorization", "Bearer "+jwt), 200},
			{"cookies are nothing to the API", get("/v2/accounts/A623uY2/files/details?filePath=/f/a", "Cookie", sent), 401},
			{"nor a way to write", ask(server, "POST", "/A623uY2/save/image/f/a", `{}`, "Cookie", sent).Code, 401},
			{"the registered token beside a key", ask(server, "GET", "/v2/accounts/A623uY2/uploads/x/parts", "", "Authorization", "Bearer "+testPublic, "Authorization-Token", access).Code, 400},
		} {
			if test.got != test.want {
				t.Errorf("%s: %d, want %d", test.name, test.got, test.want)
			}
		}
		time.Sleep(time.Hour)
		if got := get("/A623uY2/raw/f/a", "Cookie", sent); got != 401 {
			t.Errorf("expired: %d", got)
		}

		answer := ask(server, "DELETE", "/api/v1/access_tokens/A623uY2?set-cookie=true", "")
		gone := answer.Result().Cookies()
		if answer.Code != 204 || len(gone) != 1 || gone[0].Name != cookie.Name || gone[0].MaxAge >= 0 || gone[0].Path != cookie.Path {
			t.Errorf("end: %d %v", answer.Code, gone)
		}
	})
}

// A cookie counts for the account of its token only.
func TestCookieOfAnotherAccount(t *testing.T) {
	t.Parallel()
	signer, err := token.NewSigner("W142hJk", rsaKey(t))
	must(t, err)
	jwt, err := signer.Sign(token.Claims{Subject: "u", Grants: token.Tree(token.Grant{Path: "/f", DownloadFile: []string{"*"}})})
	must(t, err)
	server := permissionServer(t, Options{})
	if answer := ask(server, "GET", "/A623uY2/raw/f/a", "", "Cookie", sessionCookie+"="+jwt); answer.Code != http.StatusForbidden {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

// Without JWT keys every token is believed, but one that never expires cannot be
// registered: the answer has to say how long it works.
func TestRegistrationNeedsAnExpiry(t *testing.T) {
	t.Parallel()
	encode := base64.RawURLEncoding.EncodeToString
	jwt := encode([]byte(`{"alg":"none"}`)) + "." + encode([]byte(`{"accountId":"A623uY2"}`)) + ".eA"
	if status, _, _, _ := register(permissionServer(t, Options{}), jwt, ""); status != http.StatusUnauthorized {
		t.Errorf("%d", status)
	}
}

// A cookie for pages of other sites is possible where browsers trust the address.
func TestSessionCookie(t *testing.T) {
	t.Parallel()
	for host, secure := range map[string]bool{
		"127.0.0.1:8744": true, "localhost:8744": true, "[::1]:8744": true, "localhost": true,
		"example.com": false, "192.168.1.2:8744": false, "localhost.example": false,
	} {
		server := permissionServer(t, Options{})
		body, err := json.Marshal(map[string]string{"accessToken": newTokenFor(t)})
		must(t, err)
		r := newRequest("PUT", "/api/v1/access_tokens/A623uY2?set-cookie=true", string(body))
		r.Host = host
		cookies := serve(server, r).Result().Cookies()
		if len(cookies) != 1 || cookies[0].Secure != secure || (cookies[0].SameSite == http.SameSiteNoneMode) != secure {
			t.Errorf("%s: %v", host, cookies)
		}
	}
}

func TestRegistrationRefuses(t *testing.T) {
	t.Parallel()
	key := rsaKey(t)
	server := permissionServer(t, Options{JWTKeys: []*rsa.PublicKey{&key.PublicKey}, Lenient: true})
	good := newTokenFor(t)
	signed := func(change func(*token.Claims)) string { return newTokenFor(t, change) }
	parts := strings.Split(good, ".")
	for _, test := range []struct {
		name, jwt, query string
		want             int
	}{
		{"good", good, "?set-cookie=false", 200},
		{"without a query", good, "", 200},
		{"empty", "", "", 401},
		{"not a JWT", "a.b.c", "", 401},
		{"a line break at its end", good + "\n", "", 401},
		{"another signature", parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])), "", 401},
		{"unsigned", parts[0] + "." + parts[1] + ".", "", 401},
		{"expired", signed(func(c *token.Claims) { c.IssuedAt, c.Expires = time.Unix(1, 0), time.Unix(2, 0) }), "", 401},
		{"too long for a cookie", signed(func(c *token.Claims) { c.Subject = strings.Repeat("x", 3000) }), "?set-cookie=true", 413},
		{"too long for a cookie, without one", signed(func(c *token.Claims) { c.Subject = strings.Repeat("x", 3000) }), "?set-cookie=false", 200},
		{"too long", strings.Repeat("x", 20_000), "", 413},
	} {
		status, access, ttl, cookie := register(server, test.jwt, test.query)
		if status != test.want || (status == 200) != (access != "" && ttl > 0) || cookie != nil {
			t.Errorf("%s: %d, %q, %v, %v; want %d", test.name, status, access, ttl, cookie, test.want)
		}
	}
	other, err := token.NewSigner("W142hJk", key)
	must(t, err)
	foreign, err := other.Sign(token.Claims{Subject: "u"})
	must(t, err)
	if status, _, _, _ := register(server, foreign, ""); status != 403 {
		t.Errorf("of another account: %d", status)
	}
	for _, test := range []struct {
		method, path, body string
		want               int
	}{
		{"PUT", "/api/v1/access_tokens/A623uY2", "x", 400},
		{"PUT", "/api/v1/access_tokens/A623uY2", "", 400},
		{"PUT", "/api/v1/access_tokens/A623uY2", `{"accessToken":1}`, 400},
		{"GET", "/api/v1/access_tokens/A623uY2", "", 405},
		{"PUT", "/api/v1/access_tokens/", `{}`, 404},
		{"PUT", "/api/v1/access_tokens/A623uY2/x", `{}`, 404},
		{"DELETE", "/api/v1/access_tokens/A623uY2", "", 204},
	} {
		if answer := ask(server, test.method, test.path, test.body); answer.Code != test.want || len(answer.Result().Cookies()) > 0 {
			t.Errorf("%s %s %s: %d %s", test.method, test.path, test.body, answer.Code, answer.Body)
		}
	}
}

// A token names the origins of the pages that may use it. Programs, and images of a
// page, have no origin.
func TestAllowedOrigins(t *testing.T) {
	t.Parallel()
	key := rsaKey(t)
	server := permissionServer(t, Options{JWTKeys: []*rsa.PublicKey{&key.PublicKey}})
	jwt := newTokenFor(t, mayReadF, func(c *token.Claims) { c.AllowedOrigins = []string{"https://a.example", "http://localhost:3000"} })
	for origin, want := range map[string]int{
		"": 200, "https://a.example": 200, "http://localhost:3000": 200,
		"https://b.example": 403, "http://a.example": 403, "https://a.example:444": 403, "null": 403,
	} {
		var fields []string
		if origin != "" {
			fields = []string{"Origin", origin}
		}
		if status, _, _, _ := register(server, jwt, "?set-cookie=true", fields...); status != want {
			t.Errorf("registration from %q: %d, want %d", origin, status, want)
		}
		for name, credentials := range map[string][]string{
			"bearer": {"Authorization", "Bearer " + jwt}, "cookie": {"Cookie", sessionCookie + "=" + jwt},
			"beside a key": {"Authorization", "Bearer " + testPublic, "Authorization-Token", jwt},
		} {
			if answer := ask(server, "GET", "/A623uY2/raw/f/a", "", append(credentials, fields...)...); answer.Code != want {
				t.Errorf("%s from %q: %d, want %d: %s", name, origin, answer.Code, want, answer.Body)
			}
		}
	}
	if status, _, _, _ := register(server, newTokenFor(t), "", "Origin", "https://b.example"); status != http.StatusOK {
		t.Errorf("a token for all origins: %d", status)
	}
}
