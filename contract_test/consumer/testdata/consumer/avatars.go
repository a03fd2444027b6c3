// Package avatars stands for a service of yours.
package avatars

import (
	"context"
	"io"

	"github.com/c88edac7/bytescale-go"
)

// Save stores a picture and returns where it can be seen.
func Save(ctx context.Context, client *bytescale.Client, user string, picture io.Reader, size int64) (string, error) {
	file, err := client.Upload(ctx, bytescale.Reader(picture, size), bytescale.WithPath("/avatars/"+user), bytescale.WithMIME("image/png"))
	if err != nil {
		return "", err
	}
	return file.FileURL, nil
}
