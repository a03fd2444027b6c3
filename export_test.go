package bytescale

// SetDownloadPart sets the least length of the parts of downloads, so that tests of many parts
// are cheap.
func SetDownloadPart(c *Client, bytes int64) { c.downloads.Part = bytes }
