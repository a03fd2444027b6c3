package main

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"errors"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"log"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/cdn"
	"github.com/c88edac7/bytescale-go/token"
)

// usersFolder is private. Each user has a folder in it.
const usersFolder = "/users"

// widgetURL is where the vendor serves the widget and the SDK.
const widgetURL = "https://js.bytescale.com/upload-widget/v4"

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// site is the backend of the page.
type site struct {
	account *account
	widget  string // URL of the widget

	mu    sync.Mutex
	users map[string]string // session → user; a real site would have a database
}

// newSite returns the backend of the page. If scripts is a directory, it serves the
// widget from there.
func newSite(account *account, scripts string) http.Handler {
	s := &site{account: account, widget: widgetURL, users: map[string]string{}}
	mux := http.NewServeMux()
	if scripts != "" {
		s.widget = "/scripts/bytescale.js"
		mux.Handle("GET /scripts/", http.StripPrefix("/scripts/", http.FileServer(http.Dir(scripts))))
	}
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("POST /logout", s.logout)
	mux.HandleFunc("GET /shared", s.shared)
	mux.Handle("GET /token", &token.Handler{
		Signer:    account.signer,
		Authorize: s.authorize,
		OnError:   func(_ *http.Request, err error) { log.Println("token:", err) },
	})
	return mux
}

// authorize grants users what is in their folder: to see it and to add to it.
func (s *site) authorize(r *http.Request) (token.Claims, error) {
	user := s.user(r)
	if user == "" {
		return token.Claims{}, token.ErrUnauthorized
	}
	return token.Claims{Subject: user, Grants: token.Tree(token.Grant{
		Path: folderOf(user), DownloadFile: []string{"*"}, CreateFile: true, GetFileDetails: true,
	})}, nil
}

// page answers with the page.
func (s *site) page(w http.ResponseWriter, r *http.Request) {
	data := map[string]any{"Widget": s.widget, "User": s.user(r)}
	if user := s.user(r); user != "" {
		picture, err := s.account.links.Image(pictureOf(user), cdn.Width(300))
		if err != nil {
			fail(w, err)
			return
		}
		data["Picture"] = picture
		data["Config"] = map[string]string{
			"apiKey": s.account.publicKey, "apiUrl": s.account.apiURL, "cdnUrl": s.cdnURL(),
			"accountId": s.account.links.AccountID, "folder": folderOf(user),
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = page.Execute(w, data) // a client that left needs no page
}

func (s *site) cdnURL() string {
	if s.account.links.CDNURL != "" {
		return s.account.links.CDNURL
	}
	return cdn.DefaultURL
}

// login opens a session of the site, and welcomes a new user with a picture.
func (s *site) login(w http.ResponseWriter, r *http.Request) {
	user := r.FormValue("user")
	if !regexp.MustCompile(`^[a-z]{1,20}$`).MatchString(user) { // it becomes a folder
		http.Error(w, "A name is 1 to 20 of the letters a to z.", http.StatusBadRequest)
		return
	}
	if err := s.welcome(r, user); err != nil {
		fail(w, err)
		return
	}
	session := rand.Text()
	s.mu.Lock()
	s.users[session] = user
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: "site", Value: session, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *site) logout(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie("site"); err == nil {
		s.mu.Lock()
		delete(s.users, cookie.Value)
		s.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: "site", Path: "/", MaxAge: -1})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// shared redirects users to a signed link to their picture. Whoever they give the
// link to can see the picture for five minutes.
func (s *site) shared(w http.ResponseWriter, r *http.Request) {
	user := s.user(r)
	if user == "" {
		http.Error(w, "Please sign in.", http.StatusUnauthorized)
		return
	}
	plain, err := s.account.links.Image(pictureOf(user), cdn.Width(300))
	if err != nil {
		fail(w, err)
		return
	}
	signed, err := s.account.urlKey.Sign(plain, time.Now().Add(5*time.Minute))
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, signed, http.StatusFound)
}

// user returns who has sent a request, an empty name for a stranger.
func (s *site) user(r *http.Request) string {
	cookie, err := r.Cookie("site")
	if err != nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[cookie.Value]
}

func folderOf(user string) string { return usersFolder + "/" + user }

func pictureOf(user string) string { return folderOf(user) + "/welcome (1).png" }

// welcome stores the picture of a new user.
func (s *site) welcome(r *http.Request, user string) error {
	_, err := s.account.client.GetFileDetails(r.Context(), pictureOf(user))
	if !errors.Is(err, bytescale.ErrNotFound) {
		return err
	}
	picture := image.NewRGBA(image.Rect(0, 0, 300, 120))
	for x := range 300 {
		for y := range 120 {
			picture.Set(x, y, color.RGBA{uint8(x * 255 / 300), uint8(y * 2), user[0] * 2, 255})
		}
	}
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, picture); err != nil {
		return err
	}
	_, err = s.account.client.Upload(r.Context(), bytescale.Bytes(encoded.Bytes()),
		bytescale.WithPath(pictureOf(user)), bytescale.WithMIME("image/png"))
	return err
}

func fail(w http.ResponseWriter, err error) {
	log.Println(err)
	http.Error(w, "Something went wrong here.", http.StatusInternalServerError)
}
