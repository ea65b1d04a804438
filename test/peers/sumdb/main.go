// Checks a record with nothing of ours: the note and tree code of Go's checksum database. It reads segments
// in their order as lines, builds the tree over them, and holds it against every signed checkpoint;
// proofs are checked from files. Prints the first thing that is wrong, and ends with 1.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("good")
}

func run(args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("usage: sumdb record|inclusion|consistency FILE-OF-KEYS PLACE [CHECKPOINTS...]")
	}
	keys, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	var verifiers []note.Verifier
	for _, line := range strings.Fields(string(keys)) {
		verifier, err := note.NewVerifier(line)
		if err != nil {
			return err
		}
		verifiers = append(verifiers, verifier)
	}
	known := note.VerifierList(verifiers...)
	switch args[0] {
	case "record":
		return record(args[2], known, args[3:])
	case "inclusion":
		return inclusion(args[2], known)
	case "consistency":
		return consistency(args[2], known)
	}
	return fmt.Errorf("unknown: %s", args[0])
}

type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(h)) {
			return nil, fmt.Errorf("the record is too short")
		}
		found[i] = h[index]
	}
	return found, nil
}

func record(directory string, known note.Verifiers, more []string) error {
	names, err := filepath.Glob(filepath.Join(directory, "segment-*.jsonl"))
	if err != nil || len(names) == 0 {
		return fmt.Errorf("no segments")
	}
	sort.Strings(names)
	var stored hashes
	var size int64
	prev := strings.Repeat("0", 64)
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		lines := bytes.Split(data, []byte("\n"))
		if len(lines[len(lines)-1]) != 0 {
			return fmt.Errorf("%s: no end of line", name)
		}
		for i, line := range lines[:len(lines)-1] {
			var head struct {
				Seq  int64  `json:"seq"`
				Prev string `json:"prev"`
			}
			if err := json.Unmarshal(line, &head); err != nil {
				return fmt.Errorf("%s:%d: %v", filepath.Base(name), i+1, err)
			}
			if head.Seq != size || head.Prev != prev {
				return fmt.Errorf("%s:%d: seq %d: the chain is broken", filepath.Base(name), i+1, size)
			}
			leaf := tlog.RecordHash(line)
			prev = fmt.Sprintf("%x", leaf[:])
			added, err := tlog.StoredHashesForRecordHash(size, leaf, stored)
			if err != nil {
				return err
			}
			stored = append(stored, added...)
			size++
		}
	}
	files := append([]string{filepath.Join(directory, "checkpoints", "checkpoints.txt")}, more...)
	signed := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, text := range notes(string(data)) {
			tree, err := opened(text, known)
			if err != nil {
				return fmt.Errorf("%s: %v", filepath.Base(file), err)
			}
			if tree.N > size {
				return fmt.Errorf("%s: signed for %d lines, there are %d", filepath.Base(file), tree.N, size)
			}
			root, err := tlog.TreeHash(tree.N, stored)
			if err != nil {
				return err
			}
			if root != tree.Hash {
				return fmt.Errorf("%s: other lines were signed at %d", filepath.Base(file), tree.N)
			}
			signed++
		}
	}
	if signed == 0 {
		return fmt.Errorf("nothing is signed")
	}
	return nil
}

// Notes one after another, each followed by an empty line.
func notes(text string) []string {
	var found []string
	for _, block := range strings.Split(strings.TrimRight(text, "\n")+"\n", "\n\n") {
		if strings.HasPrefix(block, "— ") && len(found) > 0 {
			found[len(found)-1] += "\n" + strings.TrimRight(block, "\n") + "\n"
		} else {
			found = append(found, block+"\n")
		}
	}
	return found
}

// The text of a note is a tree as tlog-checkpoint says: name, size, root.
func opened(text string, known note.Verifiers) (tlog.Tree, error) {
	n, err := note.Open([]byte(text), known)
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 {
		return tlog.Tree{}, fmt.Errorf("no checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("no root")
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree, nil
}

func path(nodes []string) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, node := range nodes {
		raw, err := base64.StdEncoding.DecodeString(node)
		if err != nil || len(raw) != tlog.HashSize {
			return nil, fmt.Errorf("no hash: %s", node)
		}
		var hash tlog.Hash
		copy(hash[:], raw)
		found = append(found, hash)
	}
	return found, nil
}

func inclusion(file string, known note.Verifiers) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var proof struct {
		Seq        int64    `json:"seq"`
		Line       string   `json:"line"`
		Checkpoint string   `json:"checkpoint"`
		Path       []string `json:"path"`
	}
	if err := json.Unmarshal(data, &proof); err != nil {
		return err
	}
	tree, err := opened(proof.Checkpoint, known)
	if err != nil {
		return err
	}
	nodes, err := path(proof.Path)
	if err != nil {
		return err
	}
	line, err := lineOf(proof.Line)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(nodes, tree.N, tree.Hash, proof.Seq, tlog.RecordHash(line))
}

func lineOf(text string) ([]byte, error) {
	if strings.HasPrefix(text, "{") {
		return []byte(text), nil
	}
	return base64.StdEncoding.DecodeString(text)
}

func consistency(file string, known note.Verifiers) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var proof struct {
		First  string   `json:"first"`
		Second string   `json:"second"`
		Path   []string `json:"path"`
	}
	if err := json.Unmarshal(data, &proof); err != nil {
		return err
	}
	first, err := opened(proof.First, known)
	if err != nil {
		return err
	}
	second, err := opened(proof.Second, known)
	if err != nil {
		return err
	}
	nodes, err := path(proof.Path)
	if err != nil {
		return err
	}
	return tlog.CheckTree(nodes, second.N, second.Hash, first.N, first.Hash)
}
