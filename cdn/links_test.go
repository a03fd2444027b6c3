package cdn_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/c88edac7/bytescale-go/cdn"
)

var links = cdn.Links{AccountID: "1234abc"}

// readLines decodes a file of one JSON object a line.
func readLines[T any](t *testing.T, name string) (all []T) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var one T
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, one)
	}
	return all
}

// A vector is one URL. JavaScript is what the vendor's UrlBuilder makes of it,
// Documented what its FileApi does or, where no such call was observed, the same
// pairs with the documented names in the documented order.
type vector struct {
	Name, Account, CDNURL, Call, Preset, Path string
	Params                                    [][2]any
	Settings                                  map[string]any
	JavaScript, Documented                    string
	Refused                                   string
}

func (v *vector) options(t *testing.T) (all []cdn.Option) {
	for _, pair := range v.Params {
		name := pair[0].(string)
		switch value := pair[1].(type) {
		case string:
			all = append(all, cdn.Param(name, value))
		case float64:
			all = append(all, cdn.Param(name, value))
		case bool:
			all = append(all, cdn.Param(name, value))
		}
	}
	for name, value := range v.Settings { // in a random order, which must not matter
		switch name {
		case "cache":
			all = append(all, cdn.Cache(value.(bool)))
		case "cacheTTL":
			all = append(all, cdn.CacheTTL(seconds(value)))
		case "cacheTTL404":
			all = append(all, cdn.CacheTTL404(seconds(value)))
		case "cacheOnly":
			all = append(all, cdn.CacheOnly(value.(bool)))
		case "cachePerm":
			all = append(all, cdn.CachePerm(fmt.Sprint(value)))
		case "version":
			all = append(all, cdn.Version(value.(string)))
		case "download":
			all = append(all, cdn.Download())
		case "artifact":
			all = append(all, cdn.Artifact(value.(string)))
		case "exp":
			if value == "inf" {
				all = append(all, cdn.NeverExpires())
			} else {
				all = append(all, cdn.Expires(time.Unix(int64(value.(float64)), 0)))
			}
		default:
			t.Fatalf("unknown setting %q", name)
		}
	}
	return all
}

func (v *vector) build(t *testing.T, l cdn.Links) (string, error) {
	t.Helper()
	switch v.Call {
	case "raw":
		return l.Raw(v.Path, v.options(t)...)
	case "image":
		return l.Image(v.Path, v.options(t)...)
	case "video":
		return l.Video(v.Path, v.options(t)...)
	case "audio":
		return l.Audio(v.Path, v.options(t)...)
	case "archive":
		return l.Archive(v.Path, v.options(t)...)
	case "antivirus":
		return l.Antivirus(v.Path, v.options(t)...)
	case "preset":
		return l.Preset(v.Preset, v.Path, v.options(t)...)
	}
	t.Fatalf("unknown call %q", v.Call)
	return "", nil
}

func TestVectors(t *testing.T) {
	vectors := readLines[vector](t, "testdata/urls.jsonl")
	if len(vectors) != 39 {
		t.Errorf("%d vectors, want 39", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			l := cdn.Links{AccountID: "1234abc", CDNURL: v.CDNURL}
			if v.Account != "" {
				l.AccountID = v.Account
			}
			documented := v.Documented
			if documented == "" {
				documented = v.JavaScript
			}
			check := func(want string) {
				t.Helper()
				got, err := v.build(t, l)
				switch {
				case v.Refused != "":
					if err == nil || !strings.Contains(err.Error(), v.Refused) {
						t.Errorf("got %q, %v; want it refused with %q", got, err, v.Refused)
					}
				case err != nil || got != want:
					t.Errorf("got  %s, %v\nwant %s", got, err, want)
				}
			}
			check(documented)
			if v.JavaScript != "" {
				l.JavaScript = true
				check(v.JavaScript)
			}
		})
	}
}

// want checks what one call returns.
func want(t *testing.T, got string, err error, want string) {
	t.Helper()
	if err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func TestTypedOptions(t *testing.T) {
	got, err := links.Image("/example/city-landscape.jpg",
		cdn.Width(900), cdn.Height(600), cdn.Fit(cdn.FitCrop), cdn.Format("webp"), cdn.Quality(80), cdn.Param("blur", 4),
		cdn.Text("WATERMARK"), cdn.LayerOpacity(80), cdn.Blend("overlay"), cdn.LayerRotate(315), cdn.FontSize(100),
		cdn.Padding(10), cdn.FontWeight(900), cdn.Color("ffffff"), cdn.Repeat(true),
		cdn.Text("Chicago"), cdn.Gravity("bottom"), cdn.Param("padding-x", 50), cdn.Param("padding-bottom", 20),
		cdn.Font("/example/fonts/Lobster.ttf"), cdn.Color("ffe400"))
	want(t, got, err, "https://upcdn.io/1234abc/image/example/city-landscape.jpg?w=900&h=600&fit=crop&f=webp&q=80&blur=4"+
		"&text=WATERMARK&layer-opacity=80&blend=overlay&layer-rotate=315&font-size=100&padding=10&font-weight=900&color=ffffff&repeat=true"+
		"&text=Chicago&gravity=bottom&padding-x=50&padding-bottom=20&font=%2Fexample%2Ffonts%2FLobster.ttf&color=ffe400")

	got, err = links.Image("/a.jpg", cdn.Width(1), cdn.Height(2), cdn.Fit(cdn.FitCrop), cdn.Crop(cdn.CropSmart))
	want(t, got, err, "https://upcdn.io/1234abc/image/a.jpg?w=1&h=2&fit=crop&crop=smart")

	got, err = links.Audio("/a.wav", cdn.Format("aac"), cdn.Bitrate(192))
	want(t, got, err, "https://upcdn.io/1234abc/audio/a.wav?f=aac&br=192")

	// Relative links in the playlist resolve against the artifact.
	got, err = links.Video("/a.mp4", cdn.Artifact("/video.m3u8"), cdn.QueryBang(), cdn.Format("hls-h264"), cdn.Height(480), cdn.Height(1080))
	want(t, got, err, "https://upcdn.io/1234abc/video/a.mp4!f=hls-h264&h=480&h=1080&artifact=/video.m3u8")

	got, err = links.Raw("/a.jpg", cdn.Meta("user id", "a/b"), cdn.Path("/b c.jpg"), cdn.Param("v", "1"))
	want(t, got, err, "https://upcdn.io/1234abc/raw/a.jpg?meta-user%20id=a%2Fb&path=%2Fb%20c.jpg&v=1")

	// Meta never is an artifact, whatever its name.
	got, err = links.Raw("/a.jpg", cdn.Meta("a", "x/y"))
	want(t, got, err, "https://upcdn.io/1234abc/raw/a.jpg?meta-a=x%2Fy")
}

func TestNumbers(t *testing.T) {
	for _, test := range []struct {
		opt  cdn.Option
		want string
	}{
		{cdn.Param("n", 0), "0"},
		{cdn.Param("n", -7), "-7"},
		{cdn.Param("n", int64(1)<<62), "4611686018427387904"},
		{cdn.Param("n", 1.0), "1"},
		{cdn.Param("n", 0.1), "0.1"},
		{cdn.Param("n", math.Copysign(0, -1)), "0"},
		{cdn.Param("n", 1e-7), "0.0000001"},
		{cdn.Param("n", 1e21), "1000000000000000000000"},
	} {
		got, err := links.Image("/a", test.opt)
		want(t, got, err, "https://upcdn.io/1234abc/image/a?n="+test.want)
	}
}

// A setting that is given again replaces the first one, the zero Option is
// nothing, and QueryBang without a query writes no delimiter.
func TestOptionsCombine(t *testing.T) {
	got, err := links.Raw("/a", cdn.Version("1"), cdn.Option{}, cdn.Cache(true), cdn.Version("2"))
	want(t, got, err, "https://upcdn.io/1234abc/raw/a?cache=true&version=2")
	got, err = links.Raw("/a", cdn.Option{}, cdn.QueryBang())
	want(t, got, err, "https://upcdn.io/1234abc/raw/a")
}

func TestCDNURL(t *testing.T) {
	for address, base := range map[string]string{
		"":                          "https://upcdn.io",
		"https://cdn.example.com/":  "https://cdn.example.com",
		"http://127.0.0.1:8744":     "http://127.0.0.1:8744",
		"http://[::1]:8744/prefix/": "http://[::1]:8744/prefix",
	} {
		got, err := cdn.Links{AccountID: "1234abc", CDNURL: address}.Raw("/a")
		want(t, got, err, base+"/1234abc/raw/a")
	}
}

func TestPresetNames(t *testing.T) {
	got, err := links.Preset("thumb+@~;%=_.-", "/a")
	want(t, got, err, "https://upcdn.io/1234abc/thumb%2B%40~%3B%25%3D_.-/a")
	got, err = cdn.Links{AccountID: "1234abc", JavaScript: true}.Preset("thumb+@~;=", "/a")
	want(t, got, err, "https://upcdn.io/1234abc/thumb+@~;=/a")
	got, err = links.Preset(strings.Repeat("p", 100), "/a")
	want(t, got, err, "https://upcdn.io/1234abc/"+strings.Repeat("p", 100)+"/a")
}

// The limit counts what follows the host, a prefix of the CDN's address included.
func TestLength(t *testing.T) {
	for _, address := range []string{"", "https://a-much-longer-host.example.com", "http://127.0.0.1:8744/prefix"} {
		l := cdn.Links{AccountID: "1234abc", CDNURL: address}
		room := 1000 - len("/1234abc/raw/")
		if strings.HasSuffix(address, "/prefix") {
			room -= len("/prefix")
		}
		if _, err := l.Raw("/" + strings.Repeat("x", room)); err != nil {
			t.Errorf("%s: 1000 bytes: %v", address, err)
		}
		_, err := l.Raw("/" + strings.Repeat("x", room+1))
		var argument *cdn.ArgumentError
		if !errors.Is(err, cdn.ErrTooLong) || !errors.As(err, &argument) || argument.Field != "url" ||
			!strings.Contains(err.Error(), "1001 bytes") || !strings.Contains(err.Error(), "ProcessFileAndSave") {
			t.Errorf("%s: 1001 bytes: %v", address, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	tooLarge := int64(1) << 31 // a variable, so that this compiles where an int has 32 bits
	raw := func(path string, opts ...cdn.Option) error { _, err := links.Raw(path, opts...); return err }
	image := func(opts ...cdn.Option) error { _, err := links.Image("/a", opts...); return err }
	preset := func(name string, opts ...cdn.Option) error { _, err := links.Preset(name, "/a", opts...); return err }
	with := func(l cdn.Links) error { _, err := l.Raw("/a"); return err }
	at := func(address string) error { return with(cdn.Links{AccountID: "1234abc", CDNURL: address}) }
	javaScript := func(name string) error {
		_, err := cdn.Links{AccountID: "1234abc", JavaScript: true}.Preset(name, "/a")
		return err
	}

	for _, test := range []struct {
		name, field string
		err         error
	}{
		{"no slash", "path", raw("e.jpg")},
		{"empty path", "path", raw("")},
		{"dot", "path", raw("/a/./b")},
		{"dots", "path", raw("/a/../b")},
		{"dots at the end", "path", raw("/a/..")},
		{"dot first", "path", raw("/.")},
		{"path not UTF-8", "path", raw("/a\xff")},
		{"lone surrogate", "path", raw("/a\xed\xa0\x80")},
		{"width on raw", "w", raw("/a", cdn.Width(1))},
		{"text on raw", "text", raw("/a", cdn.Text("x"))},
		{"repeat on raw", "repeat", raw("/a", cdn.Repeat(true))},
		{"cache-only on raw", "cache-only", raw("/a", cdn.CacheOnly(true))},
		{"cache-perm on raw", "cache-perm", raw("/a", cdn.CachePerm(cdn.PermAuto))},
		{"artifact on raw", "artifact", raw("/a", cdn.Artifact("/x"))},
		{"width on a preset", "w", preset("thumbnail", cdn.Width(1))},

		{"width 0", "w", image(cdn.Width(0))},
		{"width too large", "w", image(cdn.Width(int(tooLarge)))},
		{"height -1", "h", image(cdn.Height(-1))},
		{"no fit", "fit", image(cdn.Fit(""))},
		{"no crop", "crop", image(cdn.Crop(""))},
		{"no format", "f", image(cdn.Format(""))},
		{"quality 0", "q", image(cdn.Quality(0))},
		{"quality 101", "q", image(cdn.Quality(101))},
		{"bitrate 0", "br", image(cdn.Bitrate(0))},
		{"no text", "text", image(cdn.Text(""))},
		{"text not UTF-8", "text", image(cdn.Text("\xff"))},
		{"opacity -1", "layer-opacity", image(cdn.LayerOpacity(-1))},
		{"opacity 101", "layer-opacity", image(cdn.LayerOpacity(101))},
		{"rotate 361", "layer-rotate", image(cdn.LayerRotate(361))},
		{"no blend", "blend", image(cdn.Blend(""))},
		{"no gravity", "gravity", image(cdn.Gravity(""))},
		{"padding -1", "padding", image(cdn.Padding(-1))},
		{"no font", "font", image(cdn.Font(""))},
		{"font size 0", "font-size", image(cdn.FontSize(0))},
		{"font weight 0", "font-weight", image(cdn.FontWeight(0))},
		{"no color", "color", image(cdn.Color(""))},
		{"no name", "parameter", image(cdn.Param("", 1))},
		{"name not UTF-8", "parameter", image(cdn.Param("\xff", 1))},
		{"value not UTF-8", "x", image(cdn.Param("x", "\xff"))},
		{"not a number", "x", image(cdn.Param("x", math.NaN()))},
		{"no meta name", "meta", image(cdn.Meta("", "x"))},
		{"negative TTL", "cache-ttl", image(cdn.CacheTTL(-time.Second))},
		{"half a second", "cache-ttl", image(cdn.CacheTTL(1500 * time.Millisecond))},
		{"negative TTL of 404", "cache-ttl-404", image(cdn.CacheTTL404(-time.Second))},
		{"cache-perm", "cache-perm", image(cdn.CachePerm("sometimes"))},
		{"artifact without slash", "artifact", image(cdn.Artifact("x"))},
		{"artifact with dots", "artifact", image(cdn.Artifact("/../x"))},
		{"zero time", "exp", image(cdn.Expires(time.Time{}))},
		{"other path with dots", "path", image(cdn.Path("/../x"))},

		{"preset raw", "preset", preset("raw")},
		{"preset save", "preset", preset("save")},
		{"preset empty", "preset", preset("")},
		{"preset with slash", "preset", preset("a/b")},
		{"preset with query", "preset", preset("a?b")},
		{"preset that begins with a dot", "preset", preset(".a")},
		{"preset with space", "preset", preset("a b")},
		{"preset not ASCII", "preset", preset("é")},
		{"preset too long", "preset", preset(strings.Repeat("p", 101))},
		{"preset that UrlBuilder would not escape", "preset", javaScript("%2e%2e")},

		{"no account", "AccountID", with(cdn.Links{})},
		{"account too long", "AccountID", with(cdn.Links{AccountID: "1234abcd"})},
		{"account not base58", "AccountID", with(cdn.Links{AccountID: "1234ab0"})},
		{"account with a slash", "AccountID", with(cdn.Links{AccountID: "12/4abc"})},
		{"CDN without scheme", "CDNURL", at("upcdn.io")},
		{"CDN over ftp", "CDNURL", at("ftp://upcdn.io")},
		{"CDN without host", "CDNURL", at("https:///x")},
		{"CDN with a query", "CDNURL", at("https://upcdn.io?x=1")},
		{"CDN with a fragment", "CDNURL", at("https://upcdn.io#x")},
		{"CDN with a bang", "CDNURL", at("https://upcdn.io/a!b")},
		{"CDN with a space", "CDNURL", at("https://upcdn.io/a b")},
		{"CDN with a bad escape", "CDNURL", at("https://upcdn.io/%zz")},
		{"CDN with a password", "CDNURL", at("https://user:hunter2@upcdn.io")},
	} {
		var argument *cdn.ArgumentError
		if !errors.As(test.err, &argument) || argument.Field != test.field || argument.Reason == "" {
			t.Errorf("%s: %v; want an ArgumentError for %s", test.name, test.err, test.field)
		} else if strings.Contains(test.err.Error(), "hunter2") || len(test.err.Error()) > 300 {
			t.Errorf("%s: %v", test.name, test.err)
		}
	}
}

func seconds(number any) time.Duration { return time.Duration(number.(float64) * float64(time.Second)) }
