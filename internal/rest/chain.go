package rest

import "net/http"

// handler sends a request and returns the header of the answer.
type handler func(req *http.Request, about call) (*http.Response, error)

// step wraps a handler in another one, which does one thing to the request, to the answer
// or to the error.
type step func(next handler) handler

// chain wraps the transport in steps. The first one is the outermost.
func (c *Client) chain(steps ...step) handler {
	h := c.roundTrip
	for i := len(steps) - 1; i >= 0; i-- {
		h = steps[i](h)
	}
	return h
}

// setChains sets the order of the steps for each kind of request. A request passes through
// them from top to bottom, and its answer or error from bottom to top.
func (c *Client) setChains() {
	c.toAPI = c.chain(
		c.authorize(c.APIURL), // add the credentials, for this origin only; renew a refused token
		c.limit,               // wait for a place in flight and for the pace
		c.observe,             // report the attempt
		c.redact,              // take secrets out of the error
		c.bound,               // limit the time of the call and the length of the answer
		c.legible,             // turn all legal forms of JSON into one
		c.decode,              // undo a content coding
		c.remember,            // note the hosts that serve, refuse web pages
		c.connect,             // limit the wait for a connection
	)
	c.toCDN = c.chain(
		c.authorize(c.CDNURL),
		c.redirect(c.CDNURL), // follow redirects, within this origin only
		c.observe,
		c.redact,
		c.decode,
		c.remember,
		c.connect,
	)
	c.toSave = c.chain(
		c.authorize(c.CDNURL),
		c.limit,
		c.observe,
		c.redact,
		c.bound,
		c.legible,
		c.decode,
		c.remember,
		c.connect,
	)
	c.toStorage = c.chain(
		c.adjustPace, // slow down the API calls if storage asks for it
		c.observe,
		c.redact,
		c.decode,
		c.remember,
	)
}
