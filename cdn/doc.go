// Package cdn builds, signs and checks the URLs at which the Bytescale CDN
// serves files. It sends nothing and needs no client and no API key.
//
//	links := cdn.Links{AccountID: "A623uY2"}
//	src, err := links.Image("/uploads/cat.jpg", cdn.Width(400), cdn.Format("webp"))
//	// https://upcdn.io/A623uY2/image/uploads/cat.jpg?w=400&f=webp
//
// [Links] has a method for each form of URL: the original file, the five
// processors, and presets. What follows the path is a list of [Option] values.
// Transformation parameters keep the order in which they are given, and names
// may repeat, because layers and video variants depend on both. Delivery
// settings ([Cache], [Version], [Artifact] and others) follow them in a fixed
// order, so that equal requests have equal URLs: the whole URL is the cache key
// of the CDN. [Param] writes any parameter that has no function of its own.
//
// # Private files
//
// A [Key] signs URLs, so that the holder of a signed URL can read a private
// file until it expires. [Verify] checks such a URL as the CDN does.
//
// Encrypted URLs (the parameter "enc") are not supported, because the vendor
// does not publish their key and layout.
package cdn
