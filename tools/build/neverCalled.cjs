// Stands in for modules that the SDKs import and this service never calls: `jsonwebtoken` signs client assertions of
// applications with a certificate, `open` opens a browser to sign in.
module.exports = {};
