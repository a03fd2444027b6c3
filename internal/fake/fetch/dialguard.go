package fetch

import (
	"context"
	"fmt"
	"net/netip"
	"syscall"
)

// refusedAddressError reports that a host resolved to an address that is not on the
// public internet. It does not contain the address, because the sender of a URL must
// not learn what a private name resolves to.
type refusedAddressError struct{}

func (refusedAddressError) Error() string { return "the address is not a public one" }

// refusePrivate is the ControlContext of a net.Dialer. It checks the address of each
// connection after the name was resolved, so that a name cannot mean a public address
// when it is checked and a private one when it is used.
func refusePrivate(_ context.Context, network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return refusedAddressError{}
	}
	endpoint, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dialling: %w", refusedAddressError{})
	}
	if !isPublic(endpoint.Addr()) {
		return refusedAddressError{}
	}
	return nil
}

// Blocks of addresses that netip takes for global unicast addresses and that are not
// public.
var (
	specialIPv4 = prefixes(
		"0.0.0.0/8",       // this network
		"10.0.0.0/8",      // private
		"100.64.0.0/10",   // shared by carriers (CGNAT)
		"172.16.0.0/12",   // private
		"192.0.0.0/24",    // protocol assignments
		"192.0.2.0/24",    // documentation
		"192.88.99.0/24",  // old 6to4 relays
		"192.168.0.0/16",  // private
		"198.18.0.0/15",   // benchmarks
		"198.51.100.0/24", // documentation
		"203.0.113.0/24",  // documentation
		"240.0.0.0/4",     // reserved, broadcast
	)
	globalIPv6  = netip.MustParsePrefix("2000::/3") // all that was ever assigned
	specialIPv6 = prefixes(
		"2001::/23",     // protocol assignments, Teredo among them, which hides an IPv4 address
		"2001:db8::/32", // documentation
		"3fff::/20",     // documentation
	)

	// IPv6 blocks whose addresses contain an IPv4 address.
	sixToFour = netip.MustParsePrefix("2002::/16")
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
)

// isPublic reports whether an address belongs to the public internet. An IPv6 address
// that contains an IPv4 address is public if that one is.
func isPublic(address netip.Addr) bool {
	if address.Zone() != "" {
		return false
	}
	address = address.Unmap()
	if !address.IsGlobalUnicast() {
		return false
	}
	if address.Is4() {
		return !inAny(specialIPv4, address)
	}
	bytes := address.As16()
	switch {
	case nat64.Contains(address):
		return isPublic(netip.AddrFrom4([4]byte(bytes[12:16])))
	case sixToFour.Contains(address):
		return isPublic(netip.AddrFrom4([4]byte(bytes[2:6])))
	}
	return globalIPv6.Contains(address) && !inAny(specialIPv6, address)
}

func inAny(blocks []netip.Prefix, address netip.Addr) bool {
	for _, block := range blocks {
		if block.Contains(address) {
			return true
		}
	}
	return false
}

func prefixes(texts ...string) []netip.Prefix {
	blocks := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		blocks[i] = netip.MustParsePrefix(text)
	}
	return blocks
}
