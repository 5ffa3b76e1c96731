-- Nothing changes here: the setting `encoder` names the encoder whose vectors are stored. A store
-- that has articles takes the encoder of most of them when it is opened for writing.

SELECT 1;
