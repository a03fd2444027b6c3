package cdn_test

import (
	"errors"
	"fmt"
	"html/template"
	"log"
	"os"
	"time"

	"github.com/c88edac7/bytescale-go/cdn"
)

// The picture of a page, cut to its place and small.
func Example() {
	links := cdn.Links{AccountID: "A623uY2"}
	src, err := links.Image("/uploads/cat.jpg",
		cdn.Width(400), cdn.Height(300), cdn.Fit(cdn.FitCrop), cdn.Format("webp"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(src)
	// Output: https://upcdn.io/A623uY2/image/uploads/cat.jpg?w=400&h=300&fit=crop&f=webp
}

// The methods of Links can be called from a template.
func ExampleLinks() {
	page := template.Must(template.New("page").
		Funcs(template.FuncMap{"width": cdn.Width}).
		Parse(`<img src="{{.Links.Image .Photo (width 400)}}">` + "\n"))

	err := page.Execute(os.Stdout, map[string]any{
		"Links": cdn.Links{AccountID: "A623uY2"},
		"Photo": "/uploads/my cat.jpg",
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: <img src="https://upcdn.io/A623uY2/image/uploads/my%20cat.jpg?w=400">
}

// The original file, saved by the browser instead of shown. The etag makes sure
// that no cache serves an older file.
func ExampleLinks_Raw() {
	links := cdn.Links{AccountID: "A623uY2"}
	href, err := links.Raw("/reports/2026 Q3.pdf", cdn.Download(), cdn.Version("33a64df5"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(href)
	// Output: https://upcdn.io/A623uY2/raw/reports/2026%20Q3.pdf?version=33a64df5&download=true
}

// Text is a layer. The options after it style that layer, and the order counts.
func ExampleLinks_Image() {
	links := cdn.Links{AccountID: "A623uY2"}
	src, err := links.Image("/city.jpg", cdn.Width(900),
		cdn.Text("DRAFT"), cdn.LayerOpacity(80), cdn.LayerRotate(315), cdn.Repeat(true),
		cdn.Text("Chicago"), cdn.Gravity("bottom"), cdn.Color("ffe400"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(src)
	// Output: https://upcdn.io/A623uY2/image/city.jpg?w=900&text=DRAFT&layer-opacity=80&layer-rotate=315&repeat=true&text=Chicago&gravity=bottom&color=ffe400
}

// An HLS video in two sizes. The query bang and the artifact at the end let the
// playlist's relative links work.
func ExampleLinks_Video() {
	links := cdn.Links{AccountID: "A623uY2"}
	src, err := links.Video("/film.mov",
		cdn.Format("hls-h264"), cdn.Height(480), cdn.Height(1080), cdn.Artifact("/video.m3u8"), cdn.QueryBang())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(src)
	// Output: https://upcdn.io/A623uY2/video/film.mov!f=hls-h264&h=480&h=1080&artifact=/video.m3u8
}

func ExampleLinks_Audio() {
	src, err := cdn.Links{AccountID: "A623uY2"}.Audio("/interview.wav", cdn.Format("aac"), cdn.Bitrate(192))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(src)
	// Output: https://upcdn.io/A623uY2/audio/interview.wav?f=aac&br=192
}

// One file out of an archive.
func ExampleLinks_Archive() {
	href, err := cdn.Links{AccountID: "A623uY2"}.Archive("/all.zip", cdn.Param("m", "extract"), cdn.Artifact("/letter.docx"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(href)
	// Output: https://upcdn.io/A623uY2/archive/all.zip?m=extract&artifact=/letter.docx
}

func ExampleLinks_Antivirus() {
	href, err := cdn.Links{AccountID: "A623uY2"}.Antivirus("/upload.exe")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(href)
	// Output: https://upcdn.io/A623uY2/antivirus/upload.exe
}

// A transformation with a name from the dashboard.
func ExampleLinks_Preset() {
	src, err := cdn.Links{AccountID: "A623uY2"}.Preset("thumbnail", "/uploads/cat.jpg")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(src)
	// Output: https://upcdn.io/A623uY2/thumbnail/uploads/cat.jpg
}

// A page that builds the same URLs with the JavaScript SDK shares the CDN's cache.
func ExampleLinks_javaScript() {
	links := cdn.Links{AccountID: "A623uY2", JavaScript: true}
	src, err := links.Image("/cat.jpg", cdn.Width(400), cdn.CacheTTL(time.Hour))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(src)
	// Output: https://upcdn.io/A623uY2/image/cat.jpg?w=400&cache_ttl=3600
}

// Any other parameter of the service, and as many of them as it takes.
func ExampleParam() {
	src, err := cdn.Links{AccountID: "A623uY2"}.Image("/cat.jpg",
		cdn.Format("webp"), cdn.Param("f2", "jpg"), cdn.Param("blur", 4))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(src)
	// Output: https://upcdn.io/A623uY2/image/cat.jpg?f=webp&f2=jpg&blur=4
}

// A link to a private file, valid for a while. In a program, the key comes from
// the environment and the time from time.Now().
func ExampleKey_Sign() {
	key, err := cdn.NewKey("BMCyGyFk", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	if err != nil {
		log.Fatal(err)
	}
	plain, err := cdn.Links{AccountID: "W142hJk"}.Raw("/example.jpg")
	if err != nil {
		log.Fatal(err)
	}
	href, err := key.Sign(plain, time.Unix(1748204711, 0))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(href)
	// Output: https://upcdn.io/W142hJk/raw/example.jpg?exp=1748204711&sig=1.BMCyGyFk.-CHIEOAxI1LtFnvCAiYz-SH25mk3jv8-kmYFDSeSdfE
}

// What was changed on the way is refused.
func ExampleVerify() {
	key, err := cdn.NewKey("BMCyGyFk", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	if err != nil {
		log.Fatal(err)
	}
	_, err = cdn.Verify("https://upcdn.io/W142hJk/raw/other.jpg?exp=1748204711&sig=1.BMCyGyFk.-CHIEOAxI1LtFnvCAiYz-SH25mk3jv8-kmYFDSeSdfE", time.Now(), key)
	fmt.Println(errors.Is(err, cdn.ErrWrongSignature), err)
	// Output: true the signature does not match the URL
}
