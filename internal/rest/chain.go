package rest

import "net/http"

// handler sends a request that is about a call and returns the header of the answer.
type handler func(req *http.Request, about call) (*http.Response, error)

// step does one thing to a request, its answer or its error, and leaves the rest to
// the next handler.
type step func(next handler) handler

// chain puts steps in front of the transport, the outermost first.
func (c *Client) chain(steps ...step) handler {
	h := c.roundTrip
	for i := len(steps) - 1; i >= 0; i-- {
		h = steps[i](h)
	}
	return h
}

// setChains sets the order of the steps for each kind of request.
func (c *Client) setChains() {
	c.toAPI = c.chain(
		c.authorize(c.APIURL), // credentials, for this origin only; 401, then a new token
		c.limit,               // a place among the calls in flight, and the pace
		c.observe,             // report the attempt
		c.redact,              // no secret in an error
		c.bound,               // the time of the call and the length of the answer
	)
	c.toCDN = c.chain(
		c.authorize(c.CDNURL),
		c.redirect(c.CDNURL), // within this origin only
		c.observe,
		c.redact,
	)
	c.toStorage = c.chain(
		c.slowDown, // what storage answers counts for the pace, too
		c.observe,
		c.redact,
	)
}
