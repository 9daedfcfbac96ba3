// Package ids reads and writes the identifiers of Retail Mesh, such as
// prd_01h455vb4pex5vsknk084sn02q: a prefix that tells what is named, an underscore, and 128 bits as
// 26 digits of Crockford's base32 in lower case.
//
// One id has one text, so ids may be stored and compared as they come. This package is for those
// who check input early or keep the 16 bytes.
package ids

import (
	"errors"
	"fmt"
	"strings"
)

// Why a text is not the wanted id. Errors of Parse wrap one of these.
var (
	// ErrWrongPrefix means that the text names something else, or is no id at all.
	ErrWrongPrefix = errors.New("the id has another prefix")
	// ErrWrongLength means that not exactly 26 digits follow the prefix.
	ErrWrongLength = errors.New("the id does not have 26 digits")
	// ErrWrongCharacter means that a character is not a digit of the alphabet, which is lower case
	// and lacks i, l, o and u.
	ErrWrongCharacter = errors.New("the id has a character that is no digit")
	// ErrTooLarge means that the first digit is above 7, which is more than 128 bits.
	ErrTooLarge = errors.New("the id is larger than 128 bits")
)

const (
	alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	digits   = 26
)

// Parse returns the UUID of an id with the given prefix.
func Parse(prefix, text string) ([16]byte, error) {
	rest, ok := strings.CutPrefix(text, prefix+"_")
	if !ok {
		return [16]byte{}, fmt.Errorf("%q as %s_…: %w", text, prefix, ErrWrongPrefix)
	}
	uuid, err := decode(rest)
	if err != nil {
		return [16]byte{}, fmt.Errorf("%q: %w", text, err)
	}
	return uuid, nil
}

// Format returns the text of the id with the given prefix and UUID.
func Format(prefix string, uuid [16]byte) string {
	text := make([]byte, digits)
	var bits, held uint
	next := digits - 1
	for i := len(uuid) - 1; i >= 0; i-- {
		bits |= uint(uuid[i]) << held
		for held += 8; held >= 5; held -= 5 {
			text[next] = alphabet[bits&31]
			bits >>= 5
			next--
		}
	}
	// Three bits are left: 128 = 25 × 5 + 3.
	text[next] = alphabet[bits]
	return prefix + "_" + string(text)
}

func decode(text string) ([16]byte, error) {
	var uuid [16]byte
	if len(text) != digits {
		return uuid, ErrWrongLength
	}
	for i := range digits {
		digit := strings.IndexByte(alphabet, text[i])
		if digit < 0 {
			return uuid, ErrWrongCharacter
		}
		shiftIn(&uuid, byte(digit))
	}
	if text[0] > '7' {
		return uuid, ErrTooLarge
	}
	return uuid, nil
}

// shiftIn moves all bits five places up and puts a digit into the lowest ones.
func shiftIn(uuid *[16]byte, digit byte) {
	for i := range len(uuid) - 1 {
		uuid[i] = uuid[i]<<5 | uuid[i+1]>>3
	}
	uuid[15] = uuid[15]<<5 | digit
}
