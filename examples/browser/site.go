package main

import (
	_ "embed"
	"html/template"
	"net/http"
)

// pageConfig is what the page needs to know. A public key is made to be seen.
type pageConfig struct {
	PublicKey string `json:"apiKey"`
	APIURL    string `json:"apiUrl"`
	CDNURL    string `json:"cdnUrl"`
}

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// widgetURL is where the vendor serves the widget and the SDK.
const widgetURL = "https://js.bytescale.com/upload-widget/v4"

// newSite returns the backend: the page and, if scripts is a directory, its
// scripts.
func newSite(config pageConfig, scripts string) http.Handler {
	mux := http.NewServeMux()
	widget := widgetURL
	if scripts != "" {
		widget = "/scripts/bytescale.js"
		mux.Handle("GET /scripts/", http.StripPrefix("/scripts/", http.FileServer(http.Dir(scripts))))
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		// A client that left needs no page.
		_ = page.Execute(w, map[string]any{"Widget": widget, "Config": config})
	})
	return mux
}
